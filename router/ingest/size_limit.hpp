#pragma once

// SizeLimit: what becomes of a record longer than max_event_bytes; shared by all framers.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "router/base/reason.hpp"
#include "router/ingest/frame.hpp"
#include "router/ingest/framer.hpp"

namespace weir {

class SizeLimit {
 public:
  SizeLimit(std::size_t max_event_bytes, Oversize oversize) noexcept
      : max_(max_event_bytes), oversize_(oversize) {}

  std::size_t max() const noexcept { return max_; }
  Oversize oversize() const noexcept { return oversize_; }

  /// A whole record. An empty one is no event and leaves no trace.
  void emit(std::span<const char> record, bool newline_follows, std::vector<Frame>& frames,
            ReasonCounts& lost) const {
    if (record.size() <= max_) [[likely]] {
      if (!record.empty()) {
        frames.push_back(
            {record.data(), static_cast<std::uint32_t>(record.size()), false, newline_follows});
      }
      return;
    }
    emit_oversize(record, newline_follows, frames, lost);
  }

  /// The first bytes of a record that is known to be too long. Returns true if the rest of the
  /// record is to be thrown away, false if it goes on as records of its own (split).
  bool emit_head(std::span<const char> head, std::vector<Frame>& frames, ReasonCounts& lost) const;

 private:
  void emit_oversize(std::span<const char> record, bool newline_follows, std::vector<Frame>& frames,
                     ReasonCounts& lost) const;

  std::size_t max_;
  Oversize oversize_;
};

}  // namespace weir
