#include "plugins/kafka/message_fields.hpp"

#include <algorithm>
#include <chrono>

namespace weir::kafka {
namespace {

constexpr std::string_view kHeaders = "headers.";
constexpr std::int64_t kNsPerMs = 1'000'000;

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

}  // namespace

std::optional<std::int64_t> parse_rfc3339_ms(std::string_view text) noexcept {
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
  std::int64_t fraction_ms = 0;
  if (text[at] == '.') {
    int scale = 100;
    for (++at; at < text.size() && digits(text, at, 1) >= 0; ++at, scale /= 10) {
      fraction_ms += digits(text, at, 1) * scale;
    }
  }
  const auto zone = zone_minutes(text.substr(at));
  if (!zone) return {};
  const auto time = sys_days(date) + hours(hour) + minutes(minute - *zone) + seconds(second);
  return duration_cast<milliseconds>(time.time_since_epoch()).count() + fraction_ms;
}

MessageFields::MessageFields(const Settings& settings, SinkContext& context) {
  if (settings.has("key") && !settings.string("key").empty()) {
    key_ = Template::compile(settings.string("key"), settings, "key", context,
                             Template::Values::AsTheyAre);
  }
  for (const auto& [name, entry] : settings.entries()) {
    if (!name.starts_with(kHeaders)) continue;
    headers_.push_back({.name = name.substr(kHeaders.size()),
                        .column = context.column(entry.text, settings, name)});
  }
  if (settings.has("timestamp")) {
    timestamp_ = context.column(settings.string("timestamp"), settings, "timestamp");
  }
}

bool MessageFields::key(const Batch& batch, std::size_t event, std::string& out) const {
  const auto columns = batch.columns(event);
  const auto is_there = [&](std::size_t column) { return !columns[column].missing(); };
  const auto needed = key_->columns();
  if (!needed.empty() && std::none_of(needed.begin(), needed.end(), is_there)) return false;
  key_->render(columns, batch.origin(batch.events()[event]).received_ns, out);
  return true;
}

std::int64_t MessageFields::timestamp_ms(const Batch& batch, std::size_t event) const {
  const std::int64_t arrival = batch.origin(batch.events()[event]).received_ns / kNsPerMs;
  if (!timestamp_) return arrival;
  const Value& value = batch.columns(event)[*timestamp_];
  // Kafka's brokers refuse what is negative; a fraction of a millisecond is cut.
  if (value.is_number()) {
    const double milliseconds = value.as_double();
    return milliseconds >= 0 && milliseconds < 1e15 ? static_cast<std::int64_t>(milliseconds)
                                                    : arrival;
  }
  if (value.type() != ValueType::String) return arrival;
  const auto time = parse_rfc3339_ms(value.text());
  return time && *time >= 0 ? *time : arrival;
}

}  // namespace weir::kafka
