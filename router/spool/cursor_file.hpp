#pragma once

// CursorFile: how far everything in a spool is delivered, and how far it was written, in a small
// file of two slots that are written in turn, so that one is whole at any moment. It may be older
// than the truth: then something is delivered twice, and nothing is lost.
//
// Threads: one at a time.

#include <cstdint>
#include <optional>

#include "router/base/fd.hpp"
#include "router/base/result.hpp"
#include "router/spool/position.hpp"
#include "router/spool/spool_directory.hpp"

namespace weir {

class CursorFile {
 public:
  struct State {
    std::uint64_t spool_id = 0;
    Position consumed;  ///< All before it is done with.
    Position resume;    ///< Where the segments go on when the front is done with.
    Position end;       ///< Everything before it was durable when this was written.
    std::int64_t front_stamp =
        0;  ///< The front that `consumed` speaks of: SegmentHeader::created_ns.
  };

  /// Opens or makes the file.
  static Result<CursorFile> open(const SpoolDirectory& directory);

  /// One that exists, to be read only.
  static Result<CursorFile> look(const SpoolDirectory& directory);

  /// The newer of the slots that are whole; nothing where none is.
  std::optional<State> read();

  /// read() has found something, or write() has written.
  bool was_written() const noexcept { return generation_ != 0; }

  /// Writes the older slot. `durable`: it stays there if the power goes.
  Result<void> write(const State& state, bool durable);

 private:
  CursorFile(Io& io, Fd file) : io_(&io), file_(std::move(file)) {}

  Io* io_;
  Fd file_;
  std::uint64_t generation_ = 0;
};

}  // namespace weir
