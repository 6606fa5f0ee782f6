#include "router/ingest/json_scanner.hpp"

#include <cstdint>

#include "router/base/limits.hpp"

namespace weir {
namespace {

static_assert(limits::kJsonDepthMax <= 64);  // A bit for each bracket that is open.

bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// The end of the string whose content begins at `at`.
std::size_t skip_string(std::string_view text, std::size_t at, JsonFault& fault) noexcept {
  const std::size_t begin = at - 1;
  for (; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\') ++at;
  }
  fault = {begin, "a string that does not end"};
  return text.size();
}

std::size_t skip_scalar(std::string_view text, std::size_t at) noexcept {
  constexpr std::string_view kEnds = ",:[]{}\" \t\r\n";
  return std::min(text.find_first_of(kEnds, at), text.size());
}

}  // namespace

std::size_t skip_json_space(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

std::size_t skip_json_value(std::string_view text, std::size_t at, JsonFault& fault) noexcept {
  if (text[at] == '"') return skip_string(text, at + 1, fault);
  if (text[at] != '{' && text[at] != '[') {
    const std::size_t end = skip_scalar(text, at);
    if (end == at) fault = {at, "no value"};
    return end;
  }
  const std::size_t begin = at;
  std::uint64_t objects = 0;  // A bit for each open bracket: it is that of an object.
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at++];
    if (c == '"') {
      at = skip_string(text, at, fault);
      if (fault) return at;
    } else if (c == '{' || c == '[') {
      if (depth == limits::kJsonDepthMax) {
        fault = {at - 1, "nested too deep"};
        return at;
      }
      objects = objects << 1U | (c == '{' ? 1U : 0U);
      ++depth;
    } else if (c == '}' || c == ']') {
      if (((objects & 1U) != 0) != (c == '}')) {
        fault = {at - 1, "a bracket that closes another one"};
        return at;
      }
      objects >>= 1U;
      if (--depth == 0) return at;
    }
  }
  fault = {begin, "a value that does not end"};
  return at;
}

JsonArray::JsonArray(std::string_view text) noexcept : text_(text) {
  const std::size_t open = skip_json_space(text_, 0);
  const std::size_t first = skip_json_space(text_, open + 1);
  if (first < text_.size() && text_[first] == ']') {
    const std::size_t behind = skip_json_space(text_, first + 1);
    if (behind < text_.size()) fault_ = {behind, "something behind the array"};
    return;
  }
  step_to_element(first);
}

void JsonArray::step_to_element(std::size_t from) noexcept {
  at_ = from;
  if (from < text_.size() && text_[from] != ',' && text_[from] != ']') return;
  at_ = 0;
  fault_ = from < text_.size() ? JsonFault{from, "no value"}
                               : JsonFault{from, "an array that does not end"};
}

std::string_view JsonArray::next() noexcept {
  if (at_ == 0) return {};
  const std::size_t begin = at_;
  at_ = 0;
  const std::size_t end = skip_json_value(text_, begin, fault_);
  if (fault_) return {};
  const std::size_t after = skip_json_space(text_, end);
  if (after == text_.size()) {
    fault_ = {after, "an array that does not end"};
    return {};
  }
  if (text_[after] == ',') {
    step_to_element(skip_json_space(text_, after + 1));
  } else if (text_[after] != ']') {
    fault_ = {after, "neither , nor ] behind a value"};
  } else if (const std::size_t behind = skip_json_space(text_, after + 1); behind < text_.size()) {
    fault_ = {behind, "something behind the array"};
  }
  return fault_ ? std::string_view() : text_.substr(begin, end - begin);
}

JsonFault check_json_array(std::string_view text) noexcept {
  JsonArray array(text);
  while (!array.next().empty()) {
  }
  return array.fault();
}

}  // namespace weir
