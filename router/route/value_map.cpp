#include "router/route/value_map.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "router/base/assert.hpp"

namespace weir::route {
namespace {

constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15ULL;  // 2^64 / golden ratio, odd.

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) noexcept {
  return std::rotl((hash ^ word) * kMultiplier, 29);
}

std::uint64_t load(const char* data, std::size_t size) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, data, size);
  return word;
}

}  // namespace

// Keys come from the configuration, so nobody who sends events can make them collide; eight bytes a
// step is then all that matters.
std::size_t ValueMap::StringHash::operator()(std::string_view text) const noexcept {
  std::uint64_t hash = text.size() * kMultiplier;
  const char* data = text.data();
  std::size_t left = text.size();
  for (; left > 8; left -= 8, data += 8) hash = mix(hash, load(data, 8));
  if (left >= 4) {
    // Two loads that overlap cover 4 to 8 bytes without a loop.
    hash = mix(hash, load(data, 4) | load(data + left - 4, 4) << 32U);
  } else if (left > 0) {
    const std::uint64_t first = static_cast<unsigned char>(data[0]);
    const std::uint64_t middle = static_cast<unsigned char>(data[left / 2]);
    const std::uint64_t last = static_cast<unsigned char>(data[left - 1]);
    hash = mix(hash, first | middle << 8U | last << 16U);
  }
  return hash ^ (hash >> 32U);
}

std::size_t ValueMap::ScalarHash::operator()(const Scalar& scalar) const noexcept {
  const std::uint64_t hash = mix(static_cast<std::uint64_t>(scalar.type), scalar.bits);
  return hash ^ (hash >> 32U);
}

std::optional<ValueMap::Scalar> ValueMap::scalar_of(const Value& value) noexcept {
  constexpr double kAboveInt = 9223372036854775808.0;    // 2^63
  constexpr double kAboveUint = 18446744073709551616.0;  // 2^64
  switch (value.type()) {
    case ValueType::Null:
      return Scalar{ValueType::Null, 0};
    case ValueType::Bool:
      return Scalar{ValueType::Bool, value.boolean() ? 1U : 0U};
    case ValueType::Int:
      return Scalar{ValueType::Int, static_cast<std::uint64_t>(value.integer())};
    case ValueType::Uint: {
      // Above the range of Int it is itself; below, the same number as an Int.
      const std::uint64_t number = value.unsigned_integer();
      const bool fits = number <= std::uint64_t{std::numeric_limits<std::int64_t>::max()};
      return Scalar{fits ? ValueType::Int : ValueType::Uint, number};
    }
    case ValueType::Double: {
      const double number = value.floating();
      if (std::trunc(number) == number && number >= -kAboveInt && number < kAboveUint) {
        if (number < kAboveInt) {
          return Scalar{ValueType::Int,
                        static_cast<std::uint64_t>(static_cast<std::int64_t>(number))};
        }
        return Scalar{ValueType::Uint, static_cast<std::uint64_t>(number)};
      }
      return Scalar{ValueType::Double, std::bit_cast<std::uint64_t>(number)};
    }
    default:
      return std::nullopt;
  }
}

std::uint32_t ValueMap::add(const Value& key, std::uint32_t value) {
  if (key.type() == ValueType::String) {
    if (const auto found = strings_.find(key.text()); found != strings_.end()) return found->second;
    const std::string& text = texts_.emplace_back(key.text());
    strings_.emplace(text, value);
    string_bytes_max_ = std::max(string_bytes_max_, text.size());
    return value;
  }
  const std::optional<Scalar> scalar = scalar_of(key);
  WEIR_ASSERT(scalar.has_value());
  return scalars_.emplace(*scalar, value).first->second;
}

const std::uint32_t* ValueMap::find(const Value& key) const noexcept {
  if (key.type() == ValueType::String) {
    if (key.text().size() > string_bytes_max_) return nullptr;
    const auto found = strings_.find(key.text());
    return found == strings_.end() ? nullptr : &found->second;
  }
  const std::optional<Scalar> scalar = scalar_of(key);
  if (!scalar) return nullptr;
  const auto found = scalars_.find(*scalar);
  return found == scalars_.end() ? nullptr : &found->second;
}

}  // namespace weir::route
