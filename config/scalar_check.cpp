#include "config/scalar_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "config/settings.hpp"
#include "config/units.hpp"

namespace weir {
namespace {

[[noreturn]] void refuse(const OptionSpec& spec, const PlacedText& value, std::string_view expected,
                         const std::string& hint = "") {
  throw value.error(fmt::format("{} is {}, not {}", spec.name, expected, value.shown()), hint);
}

void check_choice(const OptionSpec& spec, const PlacedText& value) {
  const auto& choices = spec.choices;
  if (std::find(choices.begin(), choices.end(), value.text) != choices.end()) return;
  const std::string all = fmt::format("one of: {}", fmt::join(choices, ", "));
  std::string hint = value.secret ? "" : suggest(value.text, choices);
  if (!hint.starts_with("did you")) hint.clear();
  refuse(spec, value, all, hint);
}

}  // namespace

void check_scalar(const OptionSpec& spec, const PlacedText& value) {
  std::uint64_t whole = 0;
  double number = 0;
  std::chrono::milliseconds duration{0};
  const std::string& text = value.text;
  switch (spec.type) {
    case OptionType::Integer:
      if (!parse_integer(text, whole)) refuse(spec, value, "a whole number");
      return;
    case OptionType::Number:
    case OptionType::Numbers:
      if (!parse_number(text, number)) refuse(spec, value, "a number");
      return;
    case OptionType::Boolean:
      if (text != "true" && text != "false") refuse(spec, value, "true or false");
      return;
    case OptionType::Size:
      if (!parse_bytes(text, whole)) {
        refuse(spec, value, "a size", "write it like 64KiB; units: KiB MiB GiB kB MB GB");
      }
      return;
    case OptionType::Duration:
      if (!parse_duration(text, duration)) {
        refuse(spec, value, "a duration", "write it like 250ms; units: ms s m h");
      }
      return;
    case OptionType::Choice:
      check_choice(spec, value);
      return;
    case OptionType::Strings:
      if (text.empty()) throw value.error(fmt::format("an empty item in {}", spec.name));
      return;
    case OptionType::String:
    case OptionType::Secret:
    case OptionType::Expression:
    case OptionType::Objects:
      return;
  }
}

}  // namespace weir
