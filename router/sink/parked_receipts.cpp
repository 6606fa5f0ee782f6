#include "router/sink/parked_receipts.hpp"

#include <algorithm>
#include <utility>

namespace weir {

void ParkedReceipts::park(const Batch& batch, std::uint64_t first_sequence) {
  // The events of one origin lie side by side.
  const std::span<const Event> events = batch.events();
  for (std::size_t i = 0; i < events.size();) {
    const std::size_t first = i;
    while (i < events.size() && events[i].origin == events[first].origin) ++i;
    const ReceiptRef& receipt = batch.origin(events[first]).receipt;
    if (receipt) parked_.emplace(first_sequence + first, Run{first_sequence + i, receipt});
  }
}

void ParkedReceipts::unpark(SpoolReader::Piece& piece, Reason lost) {
  if (parked_.empty()) return;
  const std::span<const Event> events = piece.batch.events();
  for (std::size_t f = 0; f < piece.frames.size(); ++f) {
    const SpoolReader::FrameMark& frame = piece.frames[f];
    const std::size_t behind =
        f + 1 < piece.frames.size() ? piece.frames[f + 1].first_event : events.size();
    refuse_before(frame.first_sequence, lost);
    for (std::size_t i = frame.first_event; i < behind; ++i) {
      const std::uint64_t sequence = frame.first_sequence + (i - frame.first_event);
      const auto above = parked_.upper_bound(sequence);
      if (above == parked_.begin()) continue;
      const Run& run = std::prev(above)->second;
      if (sequence < run.end && !piece.batch.origin(events[i]).receipt) {
        piece.batch.attach(events[i].origin, run.receipt);
      }
    }
    // What was given back is not answered for any more.
    const std::uint64_t end = frame.first_sequence + (behind - frame.first_event);
    while (!parked_.empty() && parked_.begin()->first < end) {
      auto run = parked_.extract(parked_.begin());
      if (run.mapped().end <= end) continue;
      run.key() = end;  // The rest lies in the next frame.
      parked_.insert(std::move(run));
    }
  }
  refuse_before(piece.extent.end.sequence, lost);
}

void ParkedReceipts::refuse_before(std::uint64_t sequence, Reason reason) {
  while (!parked_.empty() && parked_.begin()->first < sequence) {
    auto run = parked_.extract(parked_.begin());
    const std::uint64_t end = std::min(run.mapped().end, sequence);
    run.mapped().receipt->refused(reason, end - run.key());
    if (run.mapped().end <= sequence) continue;
    run.key() = sequence;
    parked_.insert(std::move(run));
  }
}

void ParkedReceipts::forsake_all() noexcept {
  for (auto& [sequence, run] : parked_) run.receipt->forsake();
  parked_.clear();
}

}  // namespace weir
