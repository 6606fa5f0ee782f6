#include "router/sink/json_text.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace weir {
namespace {

constexpr std::uint64_t kEach = 0x0101010101010101;  // A byte of every byte.
constexpr std::uint64_t kHigh = 0x8080808080808080;

/// Has its high bits set where one of the eight bytes cannot be copied as it is: a control
/// character, '"', '\\', or not ASCII. Exact for the lowest such byte, which is all that counts.
std::uint64_t special_bytes(std::uint64_t bytes) noexcept {
  const auto zero_bytes = [](std::uint64_t x) { return (x - kEach) & ~x; };
  const std::uint64_t control = (bytes - kEach * 0x20) & ~bytes;
  const std::uint64_t quote = zero_bytes(bytes ^ (kEach * '"'));
  const std::uint64_t backslash = zero_bytes(bytes ^ (kEach * '\\'));
  return (control | quote | backslash | bytes) & kHigh;
}

/// How many bytes at the front of `text` can be copied as they are, looked at in eights.
std::size_t plain_prefix(const char* text, const char* end) noexcept {
  const char* at = text;
  for (; end - at >= 8; at += 8) {
    std::uint64_t bytes;
    std::memcpy(&bytes, at, 8);
    const std::uint64_t special = special_bytes(bytes);
    if (special == 0) continue;
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    return static_cast<std::size_t>(at - text) +
           static_cast<std::size_t>(__builtin_ctzll(special)) / 8;
  }
  const auto is_plain = [](unsigned char c) {
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
  };
  while (at != end && is_plain(static_cast<unsigned char>(*at))) ++at;
  return static_cast<std::size_t>(at - text);
}

struct Sequence {
  std::size_t size;  // At least 1.
  bool valid;
};

/// The UTF-8 sequence at the front of a text (Unicode 15, table 3-7), or the part that would have
/// to be replaced. Requires: a first byte above 0x7f.
Sequence utf8_sequence(const unsigned char* text, const unsigned char* end) noexcept {
  const unsigned char lead = text[0];
  std::size_t size = 0;
  unsigned char low = 0x80, high = 0xbf;  // Bounds of the second byte.
  if (lead >= 0xc2 && lead <= 0xdf) {
    size = 2;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    size = 3;
    if (lead == 0xe0) low = 0xa0;   // Overlong.
    if (lead == 0xed) high = 0x9f;  // Surrogates.
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    size = 4;
    if (lead == 0xf0) low = 0x90;   // Overlong.
    if (lead == 0xf4) high = 0x8f;  // Above U+10FFFF.
  } else {
    return {1, false};
  }
  for (std::size_t i = 1; i < size; ++i) {
    if (text + i == end || text[i] < low || text[i] > high) return {i, false};
    low = 0x80;
    high = 0xbf;
  }
  return {size, true};
}

struct Escape {
  std::array<char, kEscapedBytesMax> text;
  std::size_t size;
};

/// Requires: a control character, '"' or '\\'.
Escape escape_of(unsigned char c) noexcept {
  switch (c) {
    case '"':
      return {{'\\', '"'}, 2};
    case '\\':
      return {{'\\', '\\'}, 2};
    case '\b':
      return {{'\\', 'b'}, 2};
    case '\f':
      return {{'\\', 'f'}, 2};
    case '\n':
      return {{'\\', 'n'}, 2};
    case '\r':
      return {{'\\', 'r'}, 2};
    case '\t':
      return {{'\\', 't'}, 2};
    default:
      break;
  }
  constexpr char kDigits[] = "0123456789abcdef";
  return {{'\\', 'u', '0', '0', kDigits[c >> 4], kDigits[c & 15]}, 6};
}

/// Calls `emit(data, size)` for each part of the escaped text. Returns whether `text` was valid.
template <class Emit>
bool for_each_part(std::string_view text, Emit&& emit) noexcept {
  bool valid = true;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    const std::size_t plain = plain_prefix(at, end);
    if (plain != 0) emit(at, plain);
    at += plain;
    if (at == end) return valid;
    const auto c = static_cast<unsigned char>(*at);
    if (c < 0x80) {
      const Escape escape = escape_of(c);
      emit(escape.text.data(), escape.size);
      ++at;
      continue;
    }
    const Sequence sequence = utf8_sequence(reinterpret_cast<const unsigned char*>(at),
                                            reinterpret_cast<const unsigned char*>(end));
    if (sequence.valid) {
      emit(at, sequence.size);
    } else {
      emit("\xef\xbf\xbd", 3);
      valid = false;
    }
    at += sequence.size;
  }
}

}  // namespace

char* escape_json(std::string_view text, char* to, bool& was_invalid) noexcept {
  const bool valid = for_each_part(text, [&](const char* part, std::size_t size) {
    std::memcpy(to, part, size);
    to += size;
  });
  if (!valid) was_invalid = true;
  return to;
}

std::size_t escaped_json_size(std::string_view text) noexcept {
  std::size_t total = 0;
  for_each_part(text, [&](const char*, std::size_t size) { total += size; });
  return total;
}

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  for_each_part(text, [&](const char* part, std::size_t size) { out.append(part, size); });
  out += '"';
}

}  // namespace weir
