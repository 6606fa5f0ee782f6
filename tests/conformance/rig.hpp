#pragma once

// Rig: one sink with its destination, run as the router would run it, by one thread: batches are
// handed over in order, never more than the sink can hold; after a retry everything comes back
// before it is handed over anew. Every wait is bounded by kPatience.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "router/sink/plugin.hpp"
#include "tests/conformance/destination.hpp"
#include "tests/support/batch_builder.hpp"

namespace weir::test {

/// Keeps what was settled. A Delivery that is settled twice, or was never handed out, aborts.
class SettledBatches final : public DeliveryOwner {
 public:
  struct Settled {
    Batch batch;
    std::uint64_t ticket;
    Fate fate;
  };

  Delivery hand_out(Batch batch);
  Delivery hand_out_again(Settled settled);
  void settle(Batch batch, std::uint64_t ticket, Fate fate) noexcept override;

  std::size_t out() const noexcept { return handed_out_.size(); }
  std::vector<Settled> settled;  ///< In the order in which they were.

 private:
  std::vector<std::uint64_t> handed_out_;
  std::uint64_t next_ticket_ = 0;
};

class Rig {
 public:
  /// `more`: lines of YAML for the sink. Throws ConfigError.
  Rig(const SinkPlugin& plugin, const DestinationRow& row, std::vector<std::string> more = {});

  /// Makes the sink; the destination may have been put into a state before.
  void make_sink();

  /// Events in one batch, with the columns that the sink asked for: of every type, Missing too.
  Batch batch_of(const std::vector<std::string>& events);

  /// Opens the sink, trying again until it succeeds. False where it does not in time.
  bool open();

  /// Hands the batches over and runs until all are delivered. False where they are not in time.
  /// `after_each` runs after each time that the sink was called.
  bool deliver(
      std::vector<Batch> batches, const std::function<void()>& after_each = [] {});

  /// Writes without waiting for the fate. False where the sink holds all that it can.
  bool write(Batch batch);

  Sink& sink() { return *sink_; }
  void destroy_sink() { sink_.reset(); }
  Destination& destination() { return *destination_; }
  const FakeContext& context() const { return context_; }
  SettledBatches& owner() { return owner_; }

 private:
  const SinkPlugin& plugin_;
  std::vector<std::string> more_;

  std::vector<std::unique_ptr<BatchBuilder>> builders_;  // Outlive the batches they made,
  SettledBatches owner_;                                 // which come back from the sink.
  std::unique_ptr<Destination> destination_;
  FakeContext context_;
  std::unique_ptr<Settings> settings_;
  std::unique_ptr<Sink> sink_;
};

/// The settings that YAML makes of a sink of this kind. Throws ConfigError.
Settings settings_of(const std::vector<std::string>& yaml);

}  // namespace weir::test
