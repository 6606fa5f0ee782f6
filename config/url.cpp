#include "config/url.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/expression_scanner.hpp"
#include "config/reference.hpp"

namespace weir {
namespace {

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

int hex_digit(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Bytes of the scheme that `text` begins with; 0 if there is none.
std::size_t scheme_size(std::string_view text) noexcept {
  if (text.empty() || !is_letter(text[0])) return 0;
  std::size_t size = 1;
  while (size < text.size() &&
         (is_letter(text[size]) || is_digit(text[size]) || text[size] == '+' || text[size] == '-' ||
          text[size] == '_' || text[size] == '.')) {
    ++size;
  }
  return size;
}

[[noreturn]] void refuse_scheme(const PlacedText& written, std::size_t size) {
  const std::string& text = written.text;
  if (text.empty()) throw written.error("expected a URL, not nothing");
  if (text.starts_with("/")) {
    throw written.error("expected a URL, not a path", "a file is written file:///…");
  }
  if (is_digit(text[0]) || text[0] == ':' || text[0] == '[') {
    throw written.error("expected a URL, not an address", "write tcp://… or udp://… before it");
  }
  if (is_reference(text, size)) {
    throw written.error("a scheme cannot come from a variable",
                        "write it out, or let one ${NAME} stand for the whole URL", size);
  }
  throw written.error("expected scheme://address, or a bare word like stdout", "",
                      std::min(size, text.size() - 1));
}

UrlOption split_option(const PlacedText& written) {
  const std::size_t equals = written.text.find('=');
  if (written.text.empty() || equals == 0) {
    throw written.error("expected an option: name=value");
  }
  const PlacedText name = written.sub(0, equals);
  if (equals == std::string::npos) {
    throw written.error(fmt::format("the option {} has no value", name.shown()),
                        "options are written ?name=value&name=value");
  }
  if (name.text.find("${") != std::string::npos) {
    throw name.error("an option's name cannot come from a variable");
  }
  return {.name = name, .value = written.sub(equals + 1)};
}

}  // namespace

std::size_t find_question_mark(const PlacedText& written, std::size_t from) {
  const std::string_view text = written.text;
  ExpressionScanner scanner;
  std::size_t depth = 0;
  for (std::size_t i = from; i < text.size();) {
    const std::size_t behind = skip_reference(written, i);
    if (behind != i) {
      i = behind;
    } else if (depth > 0) {
      if (!scanner.inside_literal() && text[i] == '{') ++depth;
      if (!scanner.inside_literal() && text[i] == '}') --depth;
      i = scanner.advance(text, i);
    } else if (text.substr(i, 2) == "{{" || text.substr(i, 2) == "}}") {
      i += 2;  // A literal brace.
    } else if (text[i] == '{') {
      depth = 1;
      scanner = ExpressionScanner();
      ++i;
    } else if (text[i] == '?') {
      return i;
    } else {
      ++i;
    }
  }
  return text.size();
}

Url split_url(const PlacedText& written) {
  const std::string_view text = written.text;
  const std::size_t size = scheme_size(text);
  const bool is_bare_word = size == text.size() || text[size] == '?';
  if (size == 0 || (!is_bare_word && text[size] != ':')) refuse_scheme(written, size);

  Url url{.scheme = written.sub(0, size), .is_bare_word = is_bare_word};
  std::size_t begin = size;
  if (!is_bare_word) begin += text.substr(size).starts_with("://") ? 3 : 1;
  const std::size_t question = find_question_mark(written, begin);
  url.rest = written.sub(begin, question - begin);
  if (question == text.size()) return url;

  const PlacedText options = written.sub(question + 1);
  if (options.text.empty()) throw options.error("expected an option behind \"?\": name=value");
  for (const PlacedText& option : split_list(options, '&')) {
    url.options.push_back(split_option(option));
  }
  return url;
}

PlacedText percent_decode(const PlacedText& written) {
  const std::string_view text = written.text;
  if (text.find('%') == std::string_view::npos) return written;
  PlacedTextBuilder result(written.where);
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t behind = skip_reference(written, i);
    const int high = i + 2 < text.size() && text[i] == '%' ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (behind != i) {
      result.copy(written, i, behind - i);
      i = behind;
    } else if (low < 0) {
      // What was decoded to `$` must not become a reference with what follows it.
      const bool makes_reference =
          text[i] == '{' && result.text().ends_with('$') && text[i - 1] != '$';
      if (makes_reference) result.put("$", written.where.at(i));
      result.copy(written, i, 1);
      ++i;
    } else {
      const char decoded = static_cast<char>(high * 16 + low);
      if (decoded == '{' && result.text().ends_with('$')) result.put("$", written.where.at(i));
      result.put(std::string_view(&decoded, 1), written.where.at(i));
      i += 3;
    }
  }
  return std::move(result).finish();
}

std::string percent_encode(std::string_view value) {
  std::string result;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const auto byte = static_cast<unsigned char>(c);
    const bool looks_encoded = c == '%' && i + 2 < value.size() && hex_digit(value[i + 1]) >= 0 &&
                               hex_digit(value[i + 2]) >= 0;
    if (byte <= 0x20 || byte == 0x7F || c == '&' || looks_encoded) {
      result += fmt::format("%{:02X}", byte);
    } else if (is_reference(value, i)) {
      result += "$$";
    } else {
      result += c;
    }
  }
  return result;
}

std::vector<PlacedText> split_list(const PlacedText& written, char separator) {
  std::vector<PlacedText> pieces;
  if (written.text.empty()) return pieces;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < written.text.size();) {
    const std::size_t behind = skip_reference(written, i);
    if (behind != i) {
      i = behind;
      continue;
    }
    if (written.text[i] == separator) {
      pieces.push_back(written.sub(begin, i - begin));
      begin = i + 1;
    }
    ++i;
  }
  pieces.push_back(written.sub(begin));
  return pieces;
}

}  // namespace weir
