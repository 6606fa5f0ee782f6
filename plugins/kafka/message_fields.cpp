#include "plugins/kafka/message_fields.hpp"

#include <algorithm>

#include "router/base/rfc3339.hpp"

namespace weir::kafka {
namespace {

constexpr std::string_view kHeaders = "headers.";
constexpr std::int64_t kNsPerMs = 1'000'000;

}  // namespace

MessageFields::MessageFields(const Settings& settings, SinkContext& context) {
  if (settings.has("key") && !settings.string("key").empty()) {
    key_ = Template::compile(settings.string("key"), settings, "key", context,
                             Template::Values::AsTheyAre);
    if (key_->columns().empty()) {
      throw settings.error("key", "the key is the same for every event, so one partition gets all",
                           "write a field in braces: {user.id}");
    }
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
