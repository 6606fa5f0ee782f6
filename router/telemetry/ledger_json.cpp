#include <boost/json.hpp>
#include <cmath>
#include <stdexcept>

#include "router/telemetry/ledger.hpp"
#include "router/telemetry/printable.hpp"

namespace weir {
namespace {

namespace json = boost::json;

/// JSON has no infinity and no NaN.
double finite(double number) noexcept { return std::isfinite(number) ? number : 0; }

json::object dropped_to_json(const ReasonCounts& dropped) {
  json::object object;
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const auto reason = static_cast<Reason>(i);
    object[to_string(reason)] = dropped[reason];
  }
  return object;
}

json::object shed_to_json(const SeverityCounts& shed) {
  json::object object;
  for (std::size_t i = 0; i < kSeverityCount; ++i) {
    const auto severity = static_cast<Severity>(i);
    object[to_string(severity)] = shed[severity];
  }
  return object;
}

json::object to_object(const SourceBalance& source) {
  return {{"name", source.name},
          {"url", source.url},
          {"received", source.received},
          {"received_bytes", source.received_bytes},
          {"decoded", source.decoded},
          {"malformed_kept", source.malformed_kept},
          {"truncated", source.truncated},
          {"unmatched", source.unmatched},
          {"dropped", dropped_to_json(source.dropped)},
          {"imbalance", source.imbalance()},
          {"connections", source.connections},
          {"connections_total", source.connections_total},
          {"connections_refused", source.connections_refused},
          {"pauses", source.pauses},
          {"paused", source.paused},
          {"trouble", source.trouble},
          {"retired", source.retired}};
}

json::object to_object(const SinkBalance& sink) {
  json::array buckets;
  for (const std::uint64_t count : sink.delivery_buckets) buckets.emplace_back(count);
  return {{"name", sink.name},
          {"url", sink.url},
          {"offered", sink.offered},
          {"notices", sink.notices},
          {"recovered", sink.recovered},
          {"delivered", sink.delivered},
          {"delivered_bytes", sink.delivered_bytes},
          {"dropped", dropped_to_json(sink.dropped)},
          {"shed", shed_to_json(sink.shed)},
          {"dead_lettered", sink.dead_lettered},
          {"in_memory", sink.in_memory},
          {"in_spool", sink.in_spool},
          {"imbalance", sink.imbalance()},
          {"buffer_bytes", sink.buffer_bytes},
          {"buffer_bytes_max", sink.buffer_bytes_max},
          {"spool_bytes", sink.spool_bytes},
          {"spool_bytes_max", sink.spool_bytes_max},
          {"not_kept", sink.not_kept},
          {"retries", sink.retries},
          {"oldest_event_seconds", finite(sink.oldest_event_seconds)},
          {"ready", sink.ready},
          {"trouble", sink.trouble},
          {"retired", sink.retired},
          {"delivery_buckets", std::move(buckets)},
          {"delivery_seconds_sum", finite(sink.delivery_seconds_sum)}};
}

// Reading. What the equations are made of must be there; state may be missing, so that a command
// can read the answer of a router of another version.

std::uint64_t count(const json::object& object, std::string_view key) {
  return object.at(key).to_number<std::uint64_t>();
}

std::uint64_t count_or_0(const json::object& object, std::string_view key) {
  return object.contains(key) ? count(object, key) : 0;
}

double number_or_0(const json::object& object, std::string_view key) {
  return object.contains(key) ? object.at(key).to_number<double>() : 0;
}

bool flag_or(const json::object& object, std::string_view key, bool fallback) {
  return object.contains(key) ? object.at(key).as_bool() : fallback;
}

std::string text_or_empty(const json::object& object, std::string_view key) {
  return object.contains(key) ? std::string(object.at(key).as_string()) : std::string();
}

/// A reason that this program does not know has no place to go: the account would not balance.
ReasonCounts dropped_from_json(const json::object& object) {
  ReasonCounts dropped;
  for (const auto& [key, value] : object) {
    bool known = false;
    for (std::size_t i = 0; i < kReasonCount && !known; ++i) {
      const auto reason = static_cast<Reason>(i);
      if (to_string(reason) != std::string_view(key)) continue;
      dropped[reason] = value.to_number<std::uint64_t>();
      known = true;
    }
    if (!known) throw std::invalid_argument("unknown reason " + std::string(key));
  }
  return dropped;
}

SeverityCounts shed_from_json(const json::object& object) {
  SeverityCounts shed;
  for (std::size_t i = 0; i < kSeverityCount; ++i) {
    const auto severity = static_cast<Severity>(i);
    shed[severity] = count_or_0(object, to_string(severity));
  }
  return shed;
}

SourceBalance source_from_json(const json::object& object) {
  SourceBalance source;
  source.name = std::string(object.at("name").as_string());
  source.url = text_or_empty(object, "url");
  source.received = count(object, "received");
  source.received_bytes = count_or_0(object, "received_bytes");
  source.decoded = count(object, "decoded");
  source.malformed_kept = count(object, "malformed_kept");
  source.truncated = count_or_0(object, "truncated");
  source.unmatched = count_or_0(object, "unmatched");
  source.dropped = dropped_from_json(object.at("dropped").as_object());
  source.connections = count_or_0(object, "connections");
  source.connections_total = count_or_0(object, "connections_total");
  source.connections_refused = count_or_0(object, "connections_refused");
  source.pauses = count_or_0(object, "pauses");
  source.paused = flag_or(object, "paused", false);
  source.retired = flag_or(object, "retired", false);
  source.trouble = text_or_empty(object, "trouble");
  return source;
}

SinkBalance sink_from_json(const json::object& object) {
  SinkBalance sink;
  sink.name = std::string(object.at("name").as_string());
  sink.url = text_or_empty(object, "url");
  sink.offered = count(object, "offered");
  sink.notices = count_or_0(object, "notices");
  sink.recovered = count_or_0(object, "recovered");
  sink.delivered = count(object, "delivered");
  sink.delivered_bytes = count_or_0(object, "delivered_bytes");
  sink.dropped = dropped_from_json(object.at("dropped").as_object());
  if (object.contains("shed")) sink.shed = shed_from_json(object.at("shed").as_object());
  sink.dead_lettered = count(object, "dead_lettered");
  sink.in_memory = count(object, "in_memory");
  sink.in_spool = count(object, "in_spool");
  sink.spool_bytes = count_or_0(object, "spool_bytes");
  sink.spool_bytes_max = count_or_0(object, "spool_bytes_max");
  sink.not_kept = count_or_0(object, "not_kept");
  sink.buffer_bytes = count_or_0(object, "buffer_bytes");
  sink.buffer_bytes_max = count_or_0(object, "buffer_bytes_max");
  sink.retries = count_or_0(object, "retries");
  sink.oldest_event_seconds = number_or_0(object, "oldest_event_seconds");
  sink.ready = flag_or(object, "ready", true);
  sink.trouble = text_or_empty(object, "trouble");
  sink.retired = flag_or(object, "retired", false);
  sink.delivery_seconds_sum = number_or_0(object, "delivery_seconds_sum");
  if (object.contains("delivery_buckets")) {
    const json::array& buckets = object.at("delivery_buckets").as_array();
    if (buckets.size() != sink.delivery_buckets.size()) {
      throw std::invalid_argument("other buckets of delivery_seconds");
    }
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      sink.delivery_buckets[i] = buckets[i].to_number<std::uint64_t>();
    }
  }
  return sink;
}

Balance balance_from_object(const json::object& object) {
  Balance balance;
  balance.copies_handed_out = count(object, "copies_handed_out");
  balance.uptime_seconds = number_or_0(object, "uptime_seconds");
  balance.memory_bytes = count_or_0(object, "memory_bytes");
  balance.memory_bytes_max = count_or_0(object, "memory_bytes_max");
  for (const json::value& source : object.at("sources").as_array()) {
    balance.sources.push_back(source_from_json(source.as_object()));
  }
  for (const json::value& route : object.at("routes").as_array()) {
    const json::object& fields = route.as_object();
    balance.routes.push_back(
        {std::string(fields.at("name").as_string()), count(fields, "matched")});
  }
  for (const json::value& sink : object.at("sinks").as_array()) {
    balance.sinks.push_back(sink_from_json(sink.as_object()));
  }
  return balance;
}

}  // namespace

std::string to_json(const Balance& balance) {
  json::array sources;
  json::array routes;
  json::array sinks;
  for (const SourceBalance& source : balance.sources) sources.push_back(to_object(source));
  for (const RouteBalance& route : balance.routes) {
    routes.push_back(json::object{{"name", route.name}, {"matched", route.matched}});
  }
  for (const SinkBalance& sink : balance.sinks) sinks.push_back(to_object(sink));
  const std::uint64_t imbalance = balance.imbalance();
  return printable_json(
      json::serialize(json::object{{"balanced", imbalance == 0},
                                   {"imbalance", imbalance},
                                   {"lost", balance.lost()},
                                   {"uptime_seconds", finite(balance.uptime_seconds)},
                                   {"copies_handed_out", balance.copies_handed_out},
                                   {"memory_bytes", balance.memory_bytes},
                                   {"memory_bytes_max", balance.memory_bytes_max},
                                   {"sources", std::move(sources)},
                                   {"routes", std::move(routes)},
                                   {"sinks", std::move(sinks)}}));
}

Balance balance_from_json(std::string_view text) {
  try {
    return balance_from_object(json::parse(text).as_object());
  } catch (const std::exception& error) {
    throw std::invalid_argument(std::string("this is not a ledger: ") + error.what());
  }
}

}  // namespace weir
