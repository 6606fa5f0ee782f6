#include "plugins/file/rotated_name.hpp"

#include <fmt/format.h>

#include <chrono>

namespace weir::file {
namespace {

bool is_stamp(std::string_view text) noexcept {
  constexpr std::string_view kPattern = "00000000T000000.000Z";
  if (text.size() != kPattern.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (kPattern[i] == '0' ? !is_digit : text[i] != kPattern[i]) return false;
  }
  return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) noexcept {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

}  // namespace

std::optional<RotatedName> RotatedName::parse(std::string_view entry, std::string_view name) {
  if (!entry.starts_with(name)) return std::nullopt;
  entry.remove_prefix(name.size());
  if (!entry.starts_with(kRotationMark)) return std::nullopt;
  entry.remove_prefix(1);
  RotatedName rotated;
  rotated.partial = take_suffix(entry, kPartialSuffix);
  for (const Compression compression : {Compression::Gzip, Compression::Zstd}) {
    if (take_suffix(entry, suffix_of(compression))) {
      rotated.compression = compression;
      break;
    }
  }
  if (!is_stamp(entry)) return std::nullopt;
  rotated.stamp = entry;
  return rotated;
}

std::string rotation_stamp(std::int64_t time_ns) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{duration_cast<milliseconds>(nanoseconds{time_ns})};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss<milliseconds> clock{time - day};
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::string_view suffix_of(Compression compression) noexcept {
  switch (compression) {
    case Compression::Gzip:
      return ".gz";
    case Compression::Zstd:
      return ".zst";
    case Compression::None:
      break;
  }
  return "";
}

}  // namespace weir::file
