#pragma once

// ParkedReceipts: the receipts of events that are on disk only, and that wait for their delivery:
// kept by the events' numbers until the events are read back. What is lost on the way is answered
// as refused.
//
// Not thread-safe: the Buffer's lock protects it.

#include <cstdint>
#include <map>

#include "router/base/batch.hpp"
#include "router/spool/spool_reader.hpp"

namespace weir {

class ParkedReceipts {
 public:
  /// Takes the receipts of a batch whose first event has this number.
  void park(const Batch& batch, std::uint64_t first_sequence);

  /// Gives them back to what was read, and answers for what was between and is gone.
  void unpark(SpoolReader::Piece& piece, Reason lost);

  /// What comes before `sequence` was dropped.
  void refuse_before(std::uint64_t sequence, Reason reason);

  void forsake_all() noexcept;

  bool empty() const noexcept { return parked_.empty(); }

 private:
  struct Run {
    std::uint64_t end;  ///< Behind the last event's number.
    ReceiptRef receipt;
  };
  std::map<std::uint64_t, Run> parked_;  // By the first event's number.
};

}  // namespace weir
