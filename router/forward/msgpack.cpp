#include "router/forward/msgpack.hpp"

#include <bit>

namespace weir::msgpack {
namespace {

/// The big-endian number of `size` bytes at `from`.
std::uint64_t big_endian(const char* from, std::size_t size) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(from[i]);
  return value;
}

void put(std::uint8_t code, std::uint64_t value, std::size_t size, std::string& out) {
  char bytes[9];
  bytes[0] = static_cast<char>(code);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[1 + i] = static_cast<char>(value >> 8 * (size - 1 - i));
  }
  out.append(bytes, 1 + size);
}

/// Codes 0xc0 to 0xdf: what follows the code is a number of `width` bytes.
struct Form {
  Kind kind;
  std::uint8_t width;
};

constexpr Form kForms[32] = {
    {Kind::Nil, 0},       {Kind::Nil, 0},       {Kind::Boolean, 0},   {Kind::Boolean, 0},
    {Kind::Binary, 1},    {Kind::Binary, 2},    {Kind::Binary, 4},    {Kind::Extension, 1},
    {Kind::Extension, 2}, {Kind::Extension, 4}, {Kind::Real, 4},      {Kind::Real, 8},
    {Kind::Unsigned, 1},  {Kind::Unsigned, 2},  {Kind::Unsigned, 4},  {Kind::Unsigned, 8},
    {Kind::Negative, 1},  {Kind::Negative, 2},  {Kind::Negative, 4},  {Kind::Negative, 8},
    {Kind::Extension, 0}, {Kind::Extension, 0}, {Kind::Extension, 0}, {Kind::Extension, 0},
    {Kind::Extension, 0}, {Kind::Text, 1},      {Kind::Text, 2},      {Kind::Text, 4},
    {Kind::Array, 2},     {Kind::Array, 4},     {Kind::Map, 2},       {Kind::Map, 4},
};

constexpr std::uint8_t kFixExtension = 0xd4;  // 0xd4 to 0xd8: of 1, 2, 4, 8 and 16 bytes.

/// Sign-extends a number of `width` bytes; one that is not negative is Unsigned.
void set_signed(std::uint64_t bits, std::size_t width, Head& head) noexcept {
  const std::size_t unused = 64 - 8 * width;
  const std::int64_t value = static_cast<std::int64_t>(bits << unused) >> unused;
  head.kind = value < 0 ? Kind::Negative : Kind::Unsigned;
  head.negative = value;
  head.number = static_cast<std::uint64_t>(value);
}

Reading read_long_head(std::string_view bytes, std::uint8_t code, Head& head) noexcept {
  if (code == 0xc1) return Reading::Invalid;  // Never used, says the specification.
  const Form form = kForms[code - 0xc0];
  const std::size_t size = 1 + std::size_t{form.width} + (form.kind == Kind::Extension ? 1 : 0);
  if (bytes.size() < size) return Reading::Short;
  const std::uint64_t number = big_endian(bytes.data() + 1, form.width);
  head.kind = form.kind;
  head.size = static_cast<std::uint8_t>(size);
  head.number = number;
  switch (form.kind) {
    case Kind::Boolean:
      head.number = code & 1;
      break;
    case Kind::Real:
      head.real = form.width == 8
                      ? std::bit_cast<double>(number)
                      : double{std::bit_cast<float>(static_cast<std::uint32_t>(number))};
      break;
    case Kind::Negative:
      set_signed(number, form.width, head);
      break;
    case Kind::Extension:
      head.extension = static_cast<std::int8_t>(bytes[size - 1]);
      if (form.width == 0) head.number = std::uint64_t{1} << (code - kFixExtension);
      break;
    default:
      break;
  }
  return Reading::Ready;
}

}  // namespace

Reading read_head(std::string_view bytes, Head& head) noexcept {
  if (bytes.empty()) return Reading::Short;
  const auto code = static_cast<std::uint8_t>(bytes.front());
  if (code >= 0xc0 && code < 0xe0) return read_long_head(bytes, code, head);
  head.size = 1;
  if (code < 0x80) {
    head.kind = Kind::Unsigned;
    head.number = code;
  } else if (code < 0x90) {
    head.kind = Kind::Map;
    head.number = code & 0x0f;
  } else if (code < 0xa0) {
    head.kind = Kind::Array;
    head.number = code & 0x0f;
  } else if (code < 0xc0) {
    head.kind = Kind::Text;
    head.number = code & 0x1f;
  } else {
    set_signed(code, 1, head);
  }
  return Reading::Ready;
}

bool take(std::string_view& bytes, Head& head, std::string_view& payload) noexcept {
  if (read_head(bytes, head) != Reading::Ready) return false;
  std::string_view rest = bytes.substr(head.size);
  if (head.has_payload()) {
    if (head.number > rest.size()) return false;
    payload = rest.substr(0, head.number);
    rest.remove_prefix(head.number);
  }
  bytes = rest;
  return true;
}

bool take_text(std::string_view& bytes, std::string_view& text) noexcept {
  Head head;
  std::string_view rest = bytes;
  if (!take(rest, head, text)) return false;
  if (head.kind != Kind::Text && head.kind != Kind::Binary) return false;
  bytes = rest;
  return true;
}

void write_nil(std::string& out) { out += '\xc0'; }

void write_boolean(bool value, std::string& out) { out += value ? '\xc3' : '\xc2'; }

void write_unsigned(std::uint64_t value, std::string& out) {
  if (value < 0x80) return put(static_cast<std::uint8_t>(value), 0, 0, out);
  if (value <= 0xff) return put(0xcc, value, 1, out);
  if (value <= 0xffff) return put(0xcd, value, 2, out);
  if (value <= 0xffffffff) return put(0xce, value, 4, out);
  put(0xcf, value, 8, out);
}

void write_signed(std::int64_t value, std::string& out) {
  const auto bits = static_cast<std::uint64_t>(value);
  if (value >= 0) return write_unsigned(bits, out);
  if (value >= -32) return put(static_cast<std::uint8_t>(bits), 0, 0, out);
  if (value >= INT8_MIN) return put(0xd0, bits, 1, out);
  if (value >= INT16_MIN) return put(0xd1, bits, 2, out);
  if (value >= INT32_MIN) return put(0xd2, bits, 4, out);
  put(0xd3, bits, 8, out);
}

void write_real(double value, std::string& out) {
  put(0xcb, std::bit_cast<std::uint64_t>(value), 8, out);
}

void write_text(std::string_view text, std::string& out) {
  const std::size_t size = text.size();
  if (size < 32) {
    put(static_cast<std::uint8_t>(0xa0 | size), 0, 0, out);
  } else if (size <= 0xff) {
    put(0xd9, size, 1, out);
  } else if (size <= 0xffff) {
    put(0xda, size, 2, out);
  } else {
    put(0xdb, size, 4, out);
  }
  out += text;
}

void write_binary_head(std::size_t size, std::string& out) {
  if (size <= 0xff) return put(0xc4, size, 1, out);
  if (size <= 0xffff) return put(0xc5, size, 2, out);
  put(0xc6, size, 4, out);
}

void write_binary(std::string_view bytes, std::string& out) {
  write_binary_head(bytes.size(), out);
  out += bytes;
}

void write_array_head(std::size_t elements, std::string& out) {
  if (elements < 16) return put(static_cast<std::uint8_t>(0x90 | elements), 0, 0, out);
  if (elements <= 0xffff) return put(0xdc, elements, 2, out);
  put(0xdd, elements, 4, out);
}

void write_map_head(std::size_t pairs, std::string& out) {
  if (pairs < 16) return put(static_cast<std::uint8_t>(0x80 | pairs), 0, 0, out);
  if (pairs <= 0xffff) return put(0xde, pairs, 2, out);
  put(0xdf, pairs, 4, out);
}

}  // namespace weir::msgpack
