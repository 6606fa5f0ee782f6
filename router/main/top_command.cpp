#include "router/main/top_command.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <ostream>
#include <thread>

#include "router/main/control_client.hpp"
#include "router/telemetry/printable.hpp"
#include "router/telemetry/text_table.hpp"

namespace weir {
namespace {

/// A counter that went back belongs to a new life: all of it is new.
std::uint64_t increase(std::uint64_t before, std::uint64_t now) {
  return now >= before ? now - before : now;
}

/// The component of the same name, or one that has seen nothing.
template <class Component>
Component earlier(const std::vector<Component>& components, const std::string& name) {
  for (const Component& component : components) {
    if (component.name == name) return component;
  }
  return {};
}

/// Counts of events and bytes in `seconds`, as text.
class Rates {
 public:
  explicit Rates(double seconds) : seconds_(seconds) {}

  std::string events(std::uint64_t before, std::uint64_t now) const {
    const double rate = static_cast<double>(increase(before, now)) / seconds_;
    // Slow streams are not shown as standing still.
    if (rate > 0 && rate < 10) return fmt::format("{:.1f}", rate);
    return grouped(static_cast<std::uint64_t>(std::llround(rate)));
  }
  std::string bytes(std::uint64_t before, std::uint64_t now) const {
    return human_bytes(static_cast<double>(increase(before, now)) / seconds_);
  }

 private:
  double seconds_;
};

std::string latency(const SinkBalance& before, const SinkBalance& now, double quantile) {
  const double seconds = delivery_quantile(before, now, quantile);
  if (std::isinf(seconds)) return "> " + human_seconds(kDeliverySecondsBounds.back());
  return human_seconds(seconds);
}

std::string state_of(const SinkBalance& sink) {
  if (sink.retired) return "removed";
  if (sink.ready) return "ready";
  return sink.trouble.empty() ? "not ready" : shortened(sink.trouble, 60);
}

std::string state_of(const SourceBalance& source) {
  if (source.retired) return "removed";
  if (!source.trouble.empty()) return shortened(source.trouble, 60);
  return source.paused ? "paused" : "reading";
}

std::string sources_text(const Balance& before, const Balance& now, const Rates& rates) {
  TextTable table({"SOURCE", "EVENTS/S", "BYTES/S", "RECEIVED", "CONNECTIONS", "MALFORMED",
                   "UNMATCHED", "LOST", "PAUSES", "STATE"});
  for (const SourceBalance& source : now.sources) {
    const SourceBalance past = earlier(before.sources, source.name);
    table.add({source.name, rates.events(past.received, source.received),
               rates.bytes(past.received_bytes, source.received_bytes), grouped(source.received),
               grouped(source.connections), grouped(source.malformed_kept),
               grouped(source.unmatched), grouped(source.dropped.total()), grouped(source.pauses),
               state_of(source)});
  }
  return table.to_string();
}

std::string routes_text(const Balance& before, const Balance& now, const Rates& rates) {
  TextTable table({"ROUTE", "EVENTS/S", "MATCHED"});
  for (const RouteBalance& route : now.routes) {
    const RouteBalance past = earlier(before.routes, route.name);
    table.add({route.name, rates.events(past.matched, route.matched), grouped(route.matched)});
  }
  return table.to_string();
}

std::string sinks_text(const Balance& before, const Balance& now, const Rates& rates) {
  TextTable table({"SINK", "EVENTS/S", "BYTES/S", "DELIVERED", "QUEUED", "BUFFER", "OLDEST", "P50",
                   "P99", "LOST", "RETRIES", "STATE"});
  for (const SinkBalance& sink : now.sinks) {
    const SinkBalance past = earlier(before.sinks, sink.name);
    std::string buffer = human_bytes(static_cast<double>(sink.buffer_bytes));
    if (sink.buffer_bytes_max > 0) {
      buffer += " of " + human_bytes(static_cast<double>(sink.buffer_bytes_max));
    }
    table.add({sink.name, rates.events(past.delivered, sink.delivered),
               rates.bytes(past.delivered_bytes, sink.delivered_bytes), grouped(sink.delivered),
               grouped(sink.in_memory + sink.in_spool), buffer,
               human_seconds(sink.oldest_event_seconds), latency(past, sink, 0.5),
               latency(past, sink, 0.99), grouped(sink.dropped.total()), grouped(sink.retries),
               state_of(sink)});
  }
  return table.to_string();
}

std::string title(const Balance& now) {
  const std::uint64_t imbalance = now.imbalance();
  return fmt::format("weir  up {}  memory {} of {}  lost {}  {}\n",
                     human_seconds(now.uptime_seconds),
                     human_bytes(static_cast<double>(now.memory_bytes)),
                     human_bytes(static_cast<double>(now.memory_bytes_max)), grouped(now.lost()),
                     imbalance == 0 ? "balanced" : grouped(imbalance) + " EVENTS UNACCOUNTED FOR");
}

/// From the top left corner, each line to its end, then the rest of the screen: no flicker.
std::string redrawn(const std::string& picture) {
  std::string out = "\x1b[H";
  for (const char byte : picture) {
    if (byte == '\n') out += "\x1b[K";
    out += byte;
  }
  return out + "\x1b[J";
}

}  // namespace

double delivery_quantile(const SinkBalance& before, const SinkBalance& now, double quantile) {
  std::array<std::uint64_t, std::tuple_size_v<decltype(now.delivery_buckets)>> counts{};
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = increase(before.delivery_buckets[i], now.delivery_buckets[i]);
    total += counts[i];
  }
  if (total == 0) return 0;
  const double rank = quantile * static_cast<double>(total);
  double below = 0;
  for (std::size_t i = 0; i < kDeliverySecondsBounds.size(); ++i) {
    const auto count = static_cast<double>(counts[i]);
    if (count > 0 && below + count >= rank) {
      const double lower = i == 0 ? 0 : kDeliverySecondsBounds[i - 1];
      return lower + (kDeliverySecondsBounds[i] - lower) * (rank - below) / count;
    }
    below += count;
  }
  return std::numeric_limits<double>::infinity();
}

std::string top_text(const Balance& before, const Balance& now) {
  const bool same_life = now.uptime_seconds > before.uptime_seconds;
  const Balance nothing;
  const Balance& past = same_life ? before : nothing;
  const double seconds = now.uptime_seconds - past.uptime_seconds;
  const Rates rates(seconds > 0 ? seconds : 1);
  std::string out = title(now);
  if (!now.sources.empty()) out += '\n' + sources_text(past, now, rates);
  if (!now.routes.empty()) out += '\n' + routes_text(past, now, rates);
  if (!now.sinks.empty()) out += '\n' + sinks_text(past, now, rates);
  return out;
}

int top_command(const TopCommand& command, std::ostream& out, std::ostream& errors) {
  try {
    Balance before = control_balance(command.control_socket);
    const bool once = command.once || !command.is_terminal;
    if (!once) out << "\x1b[2J";
    while (out) {
      std::this_thread::sleep_for(command.interval);
      Balance now = control_balance(command.control_socket);
      const std::string picture = top_text(before, now);
      out << (once ? picture : redrawn(picture)) << std::flush;
      if (once) return 0;
      before = std::move(now);
    }
    return 0;
  } catch (const ControlError& error) {
    errors << "weir: " << printable(error.what()) << '\n';
    return 1;
  }
}

}  // namespace weir
