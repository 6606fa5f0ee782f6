#pragma once

// TurnReceipts: the Receipts of a source that reads in turns, and the place where their answers
// wait for it. Sinks answer on whatever thread they have; the source looks when it comes by.
//
// Threads: begin(), count() and take() on the source's; answers come on any. What is in the sinks'
// hands may outlive the source.

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "router/base/receipt.hpp"
#include "router/ingest/offset_tracker.hpp"

namespace weir {

class TurnReceipts {
 public:
  struct Answer {
    std::uint64_t turn = 0;
    std::vector<OffsetTracker::Span> spans;
    bool whole = true;  ///< False: some of it was given up undelivered.
  };

  TurnReceipts() : box_(std::make_shared<Box>()) {}

  /// Begins a turn with its number and what it holds; the receipt is for Intake::take().
  ReceiptRef begin(std::uint64_t turn, std::vector<OffsetTracker::Span> spans);

  /// The answers that came since the last call, in the order in which they came.
  std::vector<Answer> take();

 private:
  struct Box {
    std::mutex mutex;
    std::vector<Answer> answers;
  };
  class Turn;

  std::shared_ptr<Box> box_;
};

}  // namespace weir
