#include "plugins/prometheus/label_key.hpp"

#include <fmt/format.h>

#include <boost/locale/utf.hpp>
#include <cstring>

#include "router/base/assert.hpp"

namespace weir::metrics {
namespace {

namespace utf = boost::locale::utf;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD.

/// True where all bytes are ASCII and none is NUL: nearly every label there is.
bool is_plain(std::string_view text) noexcept {
  constexpr std::uint64_t kLowBits = 0x0101010101010101;
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t suspects = 0;
  for (; left >= sizeof(std::uint64_t); left -= sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    at += sizeof word;
    suspects |= word | ((word - kLowBits) & ~word);  // High bit: not ASCII, or NUL.
  }
  unsigned char tail = 0;
  for (; left != 0; --left, ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    tail |= static_cast<unsigned char>(byte | (byte == 0 ? 0x80U : 0U));
  }
  return (suspects & kHighBits) == 0 && (tail & 0x80U) == 0;
}

__extension__ using Wide = unsigned __int128;

/// The 128-bit product, folded: every bit of the result depends on every bit of both.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

}  // namespace

void LabelKey::add(const Value& value) noexcept {
  switch (value.type()) {
    case ValueType::Missing:
      return add_plain("");
    case ValueType::Null:
      return add_plain("null");
    case ValueType::Bool:
      return add_plain(value.boolean() ? "true" : "false");
    case ValueType::Int:
      return add_plain({fmt::format_int(value.integer()).c_str()});
    case ValueType::Uint:
      return add_plain({fmt::format_int(value.unsigned_integer()).c_str()});
    case ValueType::Double: {
      std::array<char, 32> text;  // The shortest form of a double has at most 24 bytes.
      const auto end = fmt::format_to_n(text.data(), text.size(), "{}", value.floating());
      return add_plain({text.data(), std::min(end.size, text.size())});
    }
    case ValueType::String:
    case ValueType::Json:
      return add_text(value.text());
  }
}

void LabelKey::add_text(std::string_view text) noexcept {
  const std::string_view head = text.substr(0, kLabelBytesMax);
  if (is_plain(head)) return add_plain(head);  // Every place is between characters.
  add_cleaned(text);
}

void LabelKey::add_cleaned(std::string_view text) noexcept {
  std::array<char, kLabelBytesMax> clean;
  std::size_t size = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const char* next = at;
    const utf::code_point point = utf::utf_traits<char>::decode(next, end);
    std::string_view character{at, static_cast<std::size_t>(next - at)};
    if (point == utf::illegal || point == utf::incomplete || point == 0) {
      character = kReplacement;
      next = at + 1;  // One for each byte: what follows may be valid again.
    }
    if (character.size() > clean.size() - size) break;
    std::memcpy(clean.data() + size, character.data(), character.size());
    size += character.size();
    at = next;
  }
  add_plain({clean.data(), size});
}

void LabelKey::add_plain(std::string_view text) noexcept {
  WEIR_ASSERT(size_ + 1 + text.size() <= bytes_.size());
  bytes_[size_++] = static_cast<char>(static_cast<unsigned char>(text.size()));
  if (!text.empty()) std::memcpy(bytes_.data() + size_, text.data(), text.size());
  size_ += text.size();
}

std::vector<std::string> label_values(std::string_view key) {
  std::vector<std::string> values;
  while (!key.empty()) {
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(key.front()));
    values.emplace_back(key.substr(1, size));
    key.remove_prefix(1 + size);
  }
  return values;
}

std::uint64_t hash(std::string_view key, std::uint64_t seed) noexcept {
  constexpr std::uint64_t kOdd1 = 0x9E3779B97F4A7C15;  // Odd and irregular; nothing else matters.
  constexpr std::uint64_t kOdd2 = 0xD1B54A32D192ED03;
  std::uint64_t state = mix(seed ^ kOdd1, key.size() ^ kOdd2);
  const char* at = key.data();
  std::size_t left = key.size();
  for (; left != 0;) {
    const std::size_t step = std::min<std::size_t>(left, 16);
    std::array<std::uint64_t, 2> words{};
    std::memcpy(words.data(), at, step);
    state = mix(words[0] ^ state ^ kOdd1, words[1] ^ seed ^ kOdd2);
    at += step;
    left -= step;
  }
  return mix(state ^ kOdd2, kOdd1);
}

}  // namespace weir::metrics
