#include "router/bench/verify/line_shape.hpp"

#include <cstddef>

namespace weir::bench {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

/// What a walk over braces that stand outside strings finds.
struct Walked {
  std::size_t depth = 0;       // Objects that are open at the end.
  bool in_string = false;      // A string is.
  std::size_t closed = kNone;  // The last brace that closed one which began before the text.
};

Walked walk(std::string_view text, bool in_string) noexcept {
  Walked walked{.in_string = in_string};
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\') {
      ++at;  // Only in strings, whatever this walk takes for one.
    } else if (c == '"') {
      walked.in_string = !walked.in_string;
    } else if (walked.in_string) {
      continue;
    } else if (c == '{') {
      ++walked.depth;
    } else if (c == '}' && walked.depth != 0) {
      --walked.depth;
    } else if (c == '}') {
      walked.closed = at;
    }
  }
  return walked;
}

std::size_t last_of(std::string_view text) noexcept {
  return text.find_last_not_of(std::string_view(" \t\r,]\0", 6));
}

/// Whether it begins as a JSON object with a field does.
bool begins_object(std::string_view text) noexcept {
  const std::size_t brace = text.find_first_not_of(" \t[,");
  if (brace == kNone || text[brace] != '{') return false;
  const std::size_t name = text.find_first_not_of(" \t", brace + 1);
  return name != kNone && text[name] == '"';
}

}  // namespace

std::size_t end_of_string(std::string_view text, std::size_t at) noexcept {
  for (; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\') ++at;
  }
  return text.size();
}

bool opens_object(std::string_view text) noexcept {
  return begins_object(text) && walk(text, false).depth != 0;
}

bool ends_in_brace(std::string_view text) noexcept {
  const std::size_t last = last_of(text);
  return last != kNone && text[last] == '}';
}

Shape shape_of(std::string_view text) noexcept {
  if (begins_object(text)) {
    const Walked walked = walk(text, false);
    if (walked.depth != 0 || walked.in_string) return Shape::Head;
  }
  // Braces without any string are more often a program's text than the end of an object.
  if (!ends_in_brace(text) || text.find('"') == kNone) return Shape::Whole;
  Walked walked = walk(text, false);
  if (walked.in_string) walked = walk(text, true);  // An odd number of quotes: it began in one.
  return walked.closed == last_of(text) ? Shape::Tail : Shape::Whole;
}

}  // namespace weir::bench
