#include "router/base/rfc3339.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iterator>

namespace weir {
namespace {

/// `count` digits at `at` as a number; -1 where they are none.
int digits(std::string_view text, std::size_t at, std::size_t count) noexcept {
  if (at + count > text.size()) return -1;
  int number = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

/// "Z" or "+01:00" at the end, in minutes.
std::optional<int> zone_minutes(std::string_view text) noexcept {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || text[3] != ':' || (text[0] != '+' && text[0] != '-')) return {};
  const int hours = digits(text, 1, 2);
  const int minutes = digits(text, 4, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return {};
  return (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
}

struct Instant {
  std::int64_t seconds;  // Since the epoch.
  std::int64_t fraction_ns;
};

std::optional<Instant> parse(std::string_view text) noexcept {
  using namespace std::chrono;
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() <= kShape.size() || text[4] != '-' || text[7] != '-' || text[13] != ':' ||
      text[16] != ':' || (text[10] != 'T' && text[10] != 't' && text[10] != ' ')) {
    return {};
  }
  const year_month_day date{year(digits(text, 0, 4)),
                            month(static_cast<unsigned>(digits(text, 5, 2))),
                            day(static_cast<unsigned>(digits(text, 8, 2)))};
  const int hour = digits(text, 11, 2);
  const int minute = digits(text, 14, 2);
  const int second = digits(text, 17, 2);
  if (digits(text, 0, 4) < 0 || !date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 60) {
    return {};
  }
  std::size_t at = kShape.size();
  std::int64_t fraction_ns = 0;
  if (text[at] == '.') {
    int scale = 100'000'000;
    for (++at; at < text.size() && digits(text, at, 1) >= 0; ++at, scale /= 10) {
      fraction_ns += digits(text, at, 1) * scale;
    }
  }
  const auto zone = zone_minutes(text.substr(at));
  if (!zone) return {};
  const auto time = sys_days(date) + hours(hour) + minutes(minute - *zone) + seconds(second);
  return Instant{duration_cast<seconds>(time.time_since_epoch()).count(), fraction_ns};
}

}  // namespace

std::optional<std::int64_t> parse_rfc3339_ms(std::string_view text) noexcept {
  const std::optional<Instant> instant = parse(text);
  if (!instant) return {};
  return instant->seconds * 1000 + instant->fraction_ns / 1'000'000;
}

std::optional<std::int64_t> parse_rfc3339_ns(std::string_view text) noexcept {
  constexpr std::int64_t kSecondsMax = INT64_MAX / 1'000'000'000 - 1;
  const std::optional<Instant> instant = parse(text);
  if (!instant || instant->seconds > kSecondsMax || instant->seconds < -kSecondsMax) return {};
  return instant->seconds * 1'000'000'000 + instant->fraction_ns;
}

void append_rfc3339(std::int64_t time_ns, std::string& out) {
  using namespace std::chrono;
  const sys_time<nanoseconds> time{nanoseconds{time_ns}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss<nanoseconds> clock{time - day};
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z",
                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                 static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(),
                 clock.seconds().count(), clock.subseconds().count());
}

std::string_view write_rfc3339(std::int64_t time_ns,
                               std::span<char, kRfc3339BytesMax> room) noexcept {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::nanoseconds> time{std::chrono::nanoseconds(time_ns)};
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<std::chrono::nanoseconds> clock(time - day);
  char* at = room.data();
  const auto put = [&at](std::int64_t value, int width, char behind) {
    for (int i = width - 1; i >= 0; --i) {
      at[i] = static_cast<char>('0' + value % 10);
      value /= 10;
    }
    at += width;
    *at++ = behind;
  };
  put(int{date.year()}, 4, '-');
  put(unsigned{date.month()}, 2, '-');
  put(unsigned{date.day()}, 2, 'T');
  put(clock.hours().count(), 2, ':');
  put(clock.minutes().count(), 2, ':');
  const std::int64_t nanoseconds = clock.subseconds().count();
  put(clock.seconds().count(), 2, nanoseconds == 0 ? 'Z' : '.');
  if (nanoseconds != 0) put(nanoseconds, 9, 'Z');
  return {room.data(), static_cast<std::size_t>(at - room.data())};
}

}  // namespace weir
