#include "router/parse/event_decoder.hpp"

#include <algorithm>

namespace weir {

Format EventDecoder::malformed(std::span<Value> row) noexcept {
  std::fill(row.begin(), row.end(), Value());
  return Format::Malformed;
}

namespace {

/// Conditions read 8 bytes of a string, however short it is.
template <std::size_t Size>
std::string_view padded(const char (&text)[Size]) noexcept {
  static_assert(Size >= 8);
  return {text};  // Up to the first NUL.
}

}  // namespace

std::string_view to_string(Format format) noexcept {
  switch (format) {
    case Format::Json:
      return padded("json\0\0\0");
    case Format::Malformed:
      return padded("malformed");
    case Format::Text:
      break;
  }
  return padded("text\0\0\0");
}

}  // namespace weir
