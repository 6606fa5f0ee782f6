#pragma once

// What the tests of the spool share: a directory, events that can be told apart, and a whole read.

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "router/base/io.hpp"
#include "router/spool/spool_log.hpp"
#include "router/spool/spool_reader.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/temp_dir.hpp"

namespace weir::test {

/// An event that knows its number, of a length that follows from it.
std::string numbered_event(std::uint64_t number, std::size_t length_max = 600);

/// Events `first` to `first + count - 1`.
Batch numbered_batch(BatchBuilder& builder, std::uint64_t first, std::size_t count,
                     std::size_t length_max = 600);

struct WholeRead {
  std::vector<std::string> events;
  std::uint64_t lost = 0;
  std::uint64_t expected = 0;  ///< What the start counted.
  std::vector<std::string> damage;
  Position end;
};

/// Opens a spool as a start does and reads all of it. Throws std::runtime_error where that fails.
WholeRead read_spool(const std::string& directory);

/// Reads from what `log` found, or from `from`, to its end.
WholeRead read_log(const SpoolLog& log, const Position& from);

/// What lies on disk of what was delivered, in order: opens the spool without deleting anything of
/// it. Throws std::runtime_error where that fails.
std::vector<std::string> read_kept(const std::string& directory);

/// A spool in `directory` with events 0 to `count - 1`, in batches of `batch_events`, closed with a
/// cursor that knows all of it.
void fill_spool(const std::string& directory, std::uint64_t count, std::size_t batch_events,
                std::uint64_t segment_bytes);

}  // namespace weir::test
