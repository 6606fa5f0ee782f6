#pragma once

// Framer: finds the records in a byte stream. One object serves all connections of a source; what
// it must remember between two reads of one connection is that connection's FramerState.
//
// find() is called with the unfinished frame of the last call and the new bytes behind it, in one
// piece. It appends every Frame that is complete and returns how many bytes are done with; the
// caller presents the rest again, with more behind it. The rest is never longer than
// max_event_bytes plus the frame's header: a longer frame is cut by the `oversize` policy while it
// arrives, so the memory of a connection is bounded whatever it sends.
//
// Threads: immutable, any thread. A FramerState belongs to its connection's shard.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "router/base/reason.hpp"
#include "router/ingest/frame.hpp"

namespace weir {

enum class Framing : std::uint8_t { Newline, Octet, Auto, Nul, Len32, Datagram };
enum class Oversize : std::uint8_t { Truncate, Drop, Split };

struct FramerState {
  std::size_t scanned = 0;  ///< Bytes of the rest that were searched already.
  std::uint64_t skip = 0;   ///< Bytes of a counted frame that are still to be thrown away.
  std::uint64_t take = 0;   ///< Bytes of a counted frame that are still to be split off.
  std::size_t need = 0;     ///< The rest is no frame before it has this many bytes; 0: unknown.
  bool skip_line = false;   ///< What comes up to the next delimiter is thrown away.
  bool in_line = false;     ///< The rest is a line without its end yet.
  bool split_line = false;  ///< The rest goes on with a line whose first part was split off.
};

class Framer {
 public:
  virtual ~Framer() = default;

  /// Returns how many of `bytes` are done with. Adds to `lost` what left without becoming a Frame.
  virtual std::size_t find(std::span<const char> bytes, FramerState& state,
                           std::vector<Frame>& frames, ReasonCounts& lost) const noexcept = 0;

  /// The stream ended and `rest` is what was left: the last Frame, or a loss.
  virtual void finish(std::span<const char> rest, FramerState& state, std::vector<Frame>& frames,
                      ReasonCounts& lost) const noexcept = 0;

  /// The rest must go now, because memory is short: as if it had reached max_event_bytes.
  virtual void cut(std::span<const char> rest, FramerState& state, std::vector<Frame>& frames,
                   ReasonCounts& lost) const noexcept = 0;

  /// True where `fresh` (new bytes behind a rest of `rest_size`) cannot complete a frame, so that
  /// they may be put aside without being looked at again. A hint; false is always right.
  virtual bool is_inside_frame(std::span<const char> fresh, std::size_t rest_size,
                               FramerState& state) const noexcept = 0;
};

/// Requires: framing is not Datagram.
std::unique_ptr<Framer> make_framer(Framing framing, std::size_t max_event_bytes,
                                    Oversize oversize);

}  // namespace weir
