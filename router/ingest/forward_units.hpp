#pragma once

// ForwardUnits: the chunks of one `forward://` source: those that have arrived, by SeenKeys, and
// those that are on their way, with who waits for them. A client that lost its connection sends
// its chunk again, maybe to another shard, while the first copy is still with the sinks: then
// nothing is taken twice, and both are answered when the first is. Answers wait in the AnswerBox of
// the shard whose connection is to be told.
//
// A chunk is acknowledged once its name is on disk, too (with a data_dir): else a router that was
// killed would take it twice.
//
// Threads: all functions on any thread. Answers may come when the shard's part is gone.

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "router/base/clock.hpp"
#include "router/base/receipt.hpp"
#include "router/ingest/forward_metrics.hpp"
#include "router/ingest/seen_keys.hpp"
#include "router/ingest/shard_mail.hpp"

namespace weir {

struct ForwardAnswer {
  std::uint64_t connection = 0;
  std::string chunk;
  bool whole = false;  ///< All of it arrived. False: it must not be acknowledged.
};

/// Where they wait for their shard.
using AnswerBox = ShardMail<ForwardAnswer>;

class ForwardUnits : public std::enable_shared_from_this<ForwardUnits> {
 public:
  enum class Begin : std::uint8_t {
    New,       ///< To be taken; then settle(), or the receipt, answers.
    InFlight,  ///< Was taken, and is answered together with the first.
    Seen,      ///< Has arrived: to be acknowledged at once.
    Full,      ///< More are in flight than the window holds; it is not taken.
  };

  ForwardUnits(const std::string& source, std::shared_ptr<SeenKeys> names)
      : metrics_(source), keys_(std::move(names)) {}

  /// Waits until all names that are being written have been: that calls back to here.
  ~ForwardUnits();

  /// `box` is told of `connection` when the chunk is settled, unless it is Seen or Full.
  Begin begin(std::string_view chunk, std::uint64_t connection,
              const std::shared_ptr<AnswerBox>& box);

  /// For Intake::take() of the events of a chunk that is New. Settles it when they are.
  ReceiptRef receipt(std::string_view chunk, Ack ack);

  /// Tells all who wait. `whole` false: a copy that comes later is New.
  void settle(const std::string& chunk, bool whole);

  /// Waits until the names of all chunks that have arrived are on disk, at most until `deadline`.
  void await_confirmed(SteadyTime deadline);

  const ForwardMetrics& metrics() const noexcept { return metrics_; }

 private:
  struct Waiter {
    std::uint64_t connection;
    std::shared_ptr<AnswerBox> box;
  };
  class ChunkReceipt;

  void confirm(const std::string& chunk);
  void tell(const std::string& chunk, bool whole, bool was_confirming);

  ForwardMetrics metrics_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::vector<Waiter>> in_flight_;
  std::size_t confirming_ = 0;  // Names that are being written.
  std::condition_variable all_confirmed_;
  const std::shared_ptr<SeenKeys> keys_;
};

}  // namespace weir
