#include "router/base/severity.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

namespace weir {
namespace {

using enum Severity;

constexpr std::array<std::string_view, kSeverityCount> kNames = {
    "emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"};

// What else they are called, in lower case.
constexpr std::pair<std::string_view, Severity> kOtherNames[] = {
    {"emerg", Emergency},
    {"a", Alert},
    {"crit", Critical},
    {"c", Critical},
    {"fatal", Critical},
    {"f", Critical},
    {"panic", Critical},
    {"dpanic", Critical},
    {"p", Critical},
    {"err", Error},
    {"e", Error},
    {"severe", Error},
    {"warn", Warning},
    {"wrn", Warning},
    {"w", Warning},
    {"n", Notice},
    {"inf", Info},
    {"i", Info},
    {"informational", Info},
    {"information", Info},
    {"dbg", Debug},
    {"d", Debug},
    {"trace", Debug},
    {"trc", Debug},
    {"t", Debug},
    {"verbose", Debug},
    {"v", Debug},
    {"fine", Debug},
    {"finer", Debug},
    {"finest", Debug},
};

// No name is longer.
constexpr std::size_t kNameBytesMax = 13;

// By tens: trace, debug, info, warn, error, fatal.
constexpr std::array<Severity, 6> kTens = {Debug, Debug, Info, Warning, Error, Critical};

// RFC 5424 section 6.2.1: facilities go up to 23, so PRIVAL up to 191.
constexpr int kPriMax = 191;
constexpr std::size_t kPriDigitsMax = 3;

std::optional<Severity> of_number(std::uint64_t number) noexcept {
  if (number < kSeverityCount) return static_cast<Severity>(number);
  if (number % 10 != 0 || number > kTens.size() * 10) return std::nullopt;
  return kTens[number / 10 - 1];
}

bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string_view to_string(Severity severity) noexcept {
  return kNames[static_cast<std::size_t>(severity)];
}

std::optional<Severity> severity_of(std::string_view text) noexcept {
  text = trimmed(text);
  if (text.empty() || text.size() > kNameBytesMax) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return of_number(number);
  std::array<char, kNameBytesMax> lower{};
  std::transform(text.begin(), text.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const std::string_view name(lower.data(), text.size());
  const auto* const common = std::find(kNames.begin(), kNames.end(), name);
  if (common != kNames.end()) return static_cast<Severity>(common - kNames.begin());
  for (const auto& [other, severity] : kOtherNames) {
    if (other == name) return severity;
  }
  return std::nullopt;
}

std::optional<Severity> severity_of(const Value& value) noexcept {
  switch (value.type()) {
    case ValueType::String:
      return severity_of(value.text());
    case ValueType::Int:
      if (value.integer() < 0) return std::nullopt;
      return of_number(static_cast<std::uint64_t>(value.integer()));
    case ValueType::Uint:
      return of_number(value.unsigned_integer());
    case ValueType::Double: {
      const double number = value.floating();
      const bool fits = number >= 0 && number <= 60;  // No NaN does.
      if (!fits) return std::nullopt;
      const auto whole = static_cast<std::uint64_t>(number);
      return static_cast<double>(whole) == number ? of_number(whole) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

std::optional<Severity> severity_of_pri(std::string_view event) noexcept {
  if (event.size() < 3 || event[0] != '<') return std::nullopt;
  const std::size_t close = event.substr(0, kPriDigitsMax + 2).find('>');
  if (close == std::string_view::npos || close == 1) return std::nullopt;
  unsigned pri = 0;
  const auto [end, error] = std::from_chars(event.data() + 1, event.data() + close, pri);
  if (error != std::errc() || end != event.data() + close || pri > kPriMax) return std::nullopt;
  return static_cast<Severity>(pri % kSeverityCount);
}

std::optional<Severity> severity_of(const Value& field, std::string_view event) noexcept {
  return field.missing() ? severity_of_pri(event) : severity_of(field);
}

std::uint64_t SeverityCounts::total() const noexcept {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

SeverityCounts& SeverityCounts::operator+=(const SeverityCounts& other) noexcept {
  for (std::size_t i = 0; i < kSeverityCount; ++i) counts_[i] += other.counts_[i];
  return *this;
}

}  // namespace weir
