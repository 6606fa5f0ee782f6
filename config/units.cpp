#include "config/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "config/settings.hpp"

namespace weir {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 6> kByteUnits = {{{"KiB", 1ULL << 10},
                                             {"MiB", 1ULL << 20},
                                             {"GiB", 1ULL << 30},
                                             {"kB", 1'000},
                                             {"MB", 1'000'000},
                                             {"GB", 1'000'000'000}}};

// "ms" before "m" and "s": the first that fits the end of the text is taken.
constexpr std::array<Unit, 4> kDurationUnits = {
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}}};

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// `text` ("1.5") times `factor`, rounded down. False on overflow and on what is no decimal number.
bool scale(std::string_view text, std::uint64_t factor, std::uint64_t& result) noexcept {
  constexpr std::size_t kDecimalsMax = 9;  // 10^9 times the largest factor fits 64 bits.
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view decimals =
      dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  if (dot != std::string_view::npos && (decimals.empty() || decimals.size() > kDecimalsMax)) {
    return false;
  }
  std::uint64_t number = 0;
  if (!parse_integer(whole, number)) return false;
  std::uint64_t fraction = 0;
  std::uint64_t divisor = 1;
  for (const char c : decimals) {
    if (!is_digit(c)) return false;
    fraction = fraction * 10 + static_cast<std::uint64_t>(c - '0');
    divisor *= 10;
  }
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(number, factor, &product)) return false;
  std::uint64_t scaled_fraction = 0;
  if (__builtin_mul_overflow(fraction, factor, &scaled_fraction)) return false;
  return !__builtin_add_overflow(product, scaled_fraction / divisor, &result);
}

template <class Units>
const Unit* unit_of(const Units& units, std::string_view text) noexcept {
  for (const Unit& unit : units) {
    if (text.ends_with(unit.name)) return &unit;
  }
  return nullptr;
}

/// The largest unit that divides `value`.
template <class Units>
const Unit* dividing_unit(const Units& units, std::uint64_t value) noexcept {
  const Unit* found = nullptr;
  for (const Unit& unit : units) {
    const bool larger = found == nullptr || unit.factor > found->factor;
    if (value != 0 && value % unit.factor == 0 && larger) found = &unit;
  }
  return found;
}

}  // namespace

bool parse_integer(std::string_view text, std::uint64_t& number) noexcept {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end && !text.empty();
}

bool parse_number(std::string_view text, double& number) noexcept {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end && !text.empty() && std::isfinite(number);
}

bool parse_bytes(std::string_view text, std::uint64_t& bytes) noexcept {
  const Unit* unit = unit_of(kByteUnits, text);
  if (unit == nullptr) return parse_integer(text, bytes);
  return scale(text.substr(0, text.size() - unit->name.size()), unit->factor, bytes);
}

bool parse_duration(std::string_view text, std::chrono::milliseconds& duration) noexcept {
  std::uint64_t count = 0;
  if (text != "0") {
    const Unit* unit = unit_of(kDurationUnits, text);
    if (unit == nullptr) return false;
    if (!scale(text.substr(0, text.size() - unit->name.size()), unit->factor, count)) return false;
  }
  if (count > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return false;
  duration = std::chrono::milliseconds(static_cast<std::int64_t>(count));
  return true;
}

std::string format_bytes(std::uint64_t bytes) {
  // Binary units only, but for what is a round number in decimal ones.
  for (const Unit& unit : {kByteUnits[2], kByteUnits[1], kByteUnits[0]}) {
    if (bytes != 0 && bytes % unit.factor == 0) {
      return std::to_string(bytes / unit.factor) + std::string(unit.name);
    }
  }
  const Unit* unit = dividing_unit(kByteUnits, bytes);
  if (unit == nullptr) return std::to_string(bytes);
  return std::to_string(bytes / unit->factor) + std::string(unit->name);
}

std::string format_duration(std::chrono::milliseconds duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  const Unit* unit = dividing_unit(kDurationUnits, count);
  if (unit == nullptr) return "0";
  return std::to_string(count / unit->factor) + std::string(unit->name);
}

}  // namespace weir
