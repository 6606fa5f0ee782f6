#pragma once

// ArrivedLetters: whose dead letters have arrived, and whose have not and will not. What a spool
// has on disk, and somebody was promised, is kept there until its letters are as safe: on disk in
// the spool of the sink that takes them, or confirmed by it. Where letters are given up, the events
// stay where they are, and are rejected once more by the next process.
//
// Threads: any. Receipts are answered wherever that happens, also under another Buffer's lock; the
// lock here is held by nobody who takes another.

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "router/base/receipt.hpp"

namespace weir {

class ArrivedLetters {
 public:
  /// For the letters of the batch with that ticket. The list lives as long as its receipts.
  static ReceiptRef expect(std::shared_ptr<ArrivedLetters> list, std::uint64_t ticket);

  /// Tickets.
  struct News {
    std::vector<std::uint64_t> arrived;
    std::vector<std::uint64_t> given_up;
  };
  /// Since the last call.
  News take();

 private:
  class Letters;

  std::mutex mutex_;
  News news_;  // Guarded by mutex_.
};

}  // namespace weir
