#include "router/telemetry/ledger.hpp"

#include <fmt/format.h>

#include <limits>

#include "router/telemetry/printable.hpp"
#include "router/telemetry/text_table.hpp"

namespace weir {
namespace {

/// a - b as a signed number. Both count events, so their difference fits.
std::int64_t difference(std::uint64_t a, std::uint64_t b) noexcept {
  return static_cast<std::int64_t>(a - b);
}

std::uint64_t magnitude(std::int64_t number) noexcept {
  const auto bits = static_cast<std::uint64_t>(number);
  return number < 0 ? 0 - bits : bits;
}

/// Stops at the largest number: two errors must never add up to none.
std::uint64_t add_saturated(std::uint64_t a, std::uint64_t b) noexcept {
  return a > std::numeric_limits<std::uint64_t>::max() - b
             ? std::numeric_limits<std::uint64_t>::max()
             : a + b;
}

std::string name_of(const std::string& name, bool retired) {
  return retired ? name + " (removed)" : name;
}

std::string sources_text(const Balance& balance) {
  TextTable table({"SOURCE", "RECEIVED", "BYTES", "DECODED", "MALFORMED", "TRUNCATED", "UNMATCHED",
                   "LOST BEFORE", "CONNECTIONS", "IMBALANCE"});
  for (const SourceBalance& source : balance.sources) {
    table.add({name_of(source.name, source.retired), grouped(source.received),
               human_bytes(static_cast<double>(source.received_bytes)), grouped(source.decoded),
               grouped(source.malformed_kept), grouped(source.truncated), grouped(source.unmatched),
               grouped(source.dropped.total()), grouped(source.connections),
               std::to_string(source.imbalance())});
  }
  return table.to_string();
}

std::string sinks_text(const Balance& balance) {
  TextTable table({"SINK", "OFFERED", "RECOVERED", "DELIVERED", "BYTES", "DROPPED", "DEAD LETTERS",
                   "IN MEMORY", "IN SPOOL", "RETRIES", "IMBALANCE"});
  for (const SinkBalance& sink : balance.sinks) {
    table.add({name_of(sink.name, sink.retired), grouped(sink.offered), grouped(sink.recovered),
               grouped(sink.delivered), human_bytes(static_cast<double>(sink.delivered_bytes)),
               grouped(sink.dropped.total()), grouped(sink.dead_lettered), grouped(sink.in_memory),
               grouped(sink.in_spool), grouped(sink.retries), std::to_string(sink.imbalance())});
  }
  return table.to_string();
}

/// "  archive: buffer_full 3, rejected 1" for each component that lost something.
void append_losses(std::string& out, const std::string& name, const ReasonCounts& dropped) {
  if (dropped.total() == 0) return;
  out += "  " + printable(name) + ": ";
  const char* separator = "";
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const auto reason = static_cast<Reason>(i);
    if (dropped[reason] == 0) continue;
    out += fmt::format("{}{} {}", separator, to_string(reason), grouped(dropped[reason]));
    separator = ", ";
  }
  out += '\n';
}

std::string verdict_text(const Balance& balance) {
  const std::uint64_t imbalance = balance.imbalance();
  std::string out = imbalance == 0 ? "balanced: every event is accounted for"
                                   : fmt::format(
                                         "NOT BALANCED: {} events are unaccounted for; this"
                                         " is a bug of weir",
                                         grouped(imbalance));
  const std::uint64_t lost = balance.lost();
  if (lost == 0) return out + "; none lost\n";
  out += fmt::format("; {} lost:\n", grouped(lost));
  for (const SourceBalance& source : balance.sources) {
    append_losses(out, source.name, source.dropped);
  }
  for (const SinkBalance& sink : balance.sinks) append_losses(out, sink.name, sink.dropped);
  return out;
}

}  // namespace

std::int64_t SourceBalance::imbalance() const noexcept {
  return difference(received, malformed_kept + decoded);
}

std::int64_t SinkBalance::imbalance() const noexcept {
  return difference(offered + recovered,
                    delivered + dropped.total() + dead_lettered + in_memory + in_spool);
}

std::uint64_t Balance::imbalance() const noexcept {
  std::uint64_t sum = 0;
  std::uint64_t offered = 0;
  std::uint64_t handed_out = copies_handed_out;
  for (const SourceBalance& source : sources) {
    sum = add_saturated(sum, magnitude(source.imbalance()));
  }
  for (const SinkBalance& sink : sinks) {
    sum = add_saturated(sum, magnitude(sink.imbalance()));
    offered += sink.offered;
    handed_out += sink.notices + sink.dead_lettered;
  }
  return add_saturated(sum, magnitude(difference(handed_out, offered)));
}

std::uint64_t Balance::lost() const noexcept {
  std::uint64_t sum = 0;
  for (const SourceBalance& source : sources) sum = add_saturated(sum, source.dropped.lost());
  for (const SinkBalance& sink : sinks) sum = add_saturated(sum, sink.dropped.lost());
  return sum;
}

std::string to_text(const Balance& balance) {
  std::string out;
  if (!balance.sources.empty()) out += sources_text(balance) + '\n';
  if (!balance.sinks.empty()) out += sinks_text(balance) + '\n';
  return out + verdict_text(balance);
}

}  // namespace weir
