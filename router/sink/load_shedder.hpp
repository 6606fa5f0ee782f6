#pragma once

// LoadShedder: what a sink with `when_full=shed` does while its queue fills up: the least important
// of the events that come are dropped, so that there is room for the others.
//
//   filled      dropped                       until it is filled less than
//   1/2         debug, trace                  3/8
//   3/4         info                          5/8
//   7/8         notice, warning               3/4
//   15/16       all that is below the floor   13/16
//
// With a spool it is the spool that fills up: a last part of it is for what is not shed.
//
// Events as bad as the floor, and worse, are never dropped: they wait, and press back at the bound.
// Nor are those that a spool was asked to have on disk (Ack::Durable). What is in the queue already
// stays there, and the order is kept.
//
// The distance between beginning and end keeps runs of events whole: else every other batch would
// have a gap.
//
// Threads: any; those that meet here agree on the stage without a lock, as one batch more or less
// at a stage's edge does not matter.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "router/base/batch.hpp"
#include "router/base/severity.hpp"

namespace weir {

struct ShedOptions {
  Severity floor = Severity::Error;   ///< This bad and worse: never dropped.
  Severity unknown = Severity::Info;  ///< What an event is taken for that does not tell.
  std::size_t column = 0;             ///< The sink's column that holds the severity.
};

class LoadShedder {
 public:
  explicit LoadShedder(const ShedOptions& options) noexcept : options_(options) {}

  /// Takes those out of `batch` that are to go while its queue is filled to `fullness` (1: full),
  /// and tells who waits for them. `has_spool`: what is to be durable will be. Returns how many
  /// went.
  SeverityCounts thin(Batch& batch, double fullness, bool has_spool);

  Severity severity(const Batch& batch, std::size_t index) const noexcept;

 private:
  Severity least_kept(double fullness) noexcept;

  const ShedOptions options_;
  std::atomic<std::uint8_t> stage_{0};  // How many of the stages above have begun.
};

}  // namespace weir
