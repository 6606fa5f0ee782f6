#include "config/reference.hpp"

#include <fmt/format.h>

namespace weir {
namespace {

bool is_name_byte(char c, bool first) noexcept {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  return letter || (!first && c >= '0' && c <= '9');
}

/// The `}` that closes what opened at `open`.
std::size_t closing_brace(const PlacedText& written, std::size_t open) {
  std::size_t depth = 0;
  for (std::size_t i = open; i < written.text.size(); ++i) {
    if (written.text[i] == '{') ++depth;
    if (written.text[i] == '}' && --depth == 0) return i;
  }
  throw written.error("\"${\" without its \"}\"", "a literal \"${\" is written $${", open - 1);
}

}  // namespace

bool is_escaped_reference(std::string_view text, std::size_t at) noexcept {
  return text.substr(at, 3) == "$${";
}

bool is_reference(std::string_view text, std::size_t at) noexcept {
  return text.substr(at, 2) == "${";
}

Reference read_reference(const PlacedText& written, std::size_t at) {
  const std::string_view text = written.text;
  const std::size_t close = closing_brace(written, at + 1);
  std::size_t name_end = at + 2;
  while (name_end < close && is_name_byte(text[name_end], name_end == at + 2)) ++name_end;

  Reference found{.begin = at, .end = close + 1, .name = text.substr(at + 2, name_end - at - 2)};
  const std::string_view rest = text.substr(name_end, close - name_end);
  const std::string hint =
      "write ${NAME}, ${NAME:-default}, ${NAME:?message} or ${file:/path}; a literal \"${\" is $${";
  if (found.name.empty()) throw written.error("\"${\" is not followed by a name", hint, at);
  if (rest.empty()) return found;

  found.argument_begin = name_end + 2;
  if (rest.starts_with(":-")) {
    found.form = Reference::Form::Default;
  } else if (rest.starts_with(":?")) {
    found.form = Reference::Form::Required;
  } else if (found.name == "file" && rest.starts_with(":")) {
    found.form = Reference::Form::File;
    found.name = {};
    found.argument_begin = name_end + 1;
    if (text[found.argument_begin] != '/') {
      throw written.error("the path in ${file:…} must be absolute", "", found.argument_begin);
    }
  } else {
    throw written.error(fmt::format("unexpected text behind the name {}", quoted(found.name)), hint,
                        name_end);
  }
  return found;
}

std::size_t skip_reference(const PlacedText& written, std::size_t at) {
  if (is_escaped_reference(written.text, at)) return at + 2;
  if (is_reference(written.text, at)) return read_reference(written, at).end;
  return at;
}

bool is_one_reference(const PlacedText& written) {
  return is_reference(written.text, 0) && read_reference(written, 0).end == written.text.size();
}

}  // namespace weir
