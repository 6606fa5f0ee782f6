#pragma once

// Feeds bytes to a framer as a connection would, in pieces of any size, and collects what comes
// out.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "router/ingest/framer.hpp"

namespace weir::test {

class FramingRig {
 public:
  explicit FramingRig(Framing framing, std::size_t max_event_bytes = 256,
                      Oversize oversize = Oversize::Truncate)
      : framer_(make_framer(framing, max_event_bytes, oversize)) {}

  FramingRig& feed(std::string_view bytes, std::size_t piece = SIZE_MAX) {
    for (std::size_t i = 0; i < bytes.size(); i += std::min(piece, bytes.size() - i)) {
      take(bytes.substr(i, piece));
    }
    return *this;
  }

  FramingRig& finish() {
    std::vector<Frame> frames;
    framer_->finish(rest_, state_, frames, lost);
    collect(frames);
    rest_.clear();
    return *this;
  }

  std::vector<std::string> events;
  std::vector<bool> truncated;
  ReasonCounts lost;
  std::size_t largest_rest = 0;

 private:
  void take(std::string_view fresh) {
    // As StreamReader does: what cannot finish a frame is put aside.
    if (!rest_.empty() &&
        framer_->is_inside_frame({fresh.data(), fresh.size()}, rest_.size(), state_)) {
      rest_ += fresh;
      largest_rest = std::max(largest_rest, rest_.size());
      return;
    }
    rest_ += fresh;
    std::vector<Frame> frames;
    const std::size_t done = framer_->find(rest_, state_, frames, lost);
    collect(frames);
    rest_.erase(0, done);
    largest_rest = std::max(largest_rest, rest_.size());
  }

  void collect(const std::vector<Frame>& frames) {
    for (const Frame& frame : frames) {
      events.emplace_back(frame.data, frame.size);
      truncated.push_back(frame.truncated);
    }
  }

  std::unique_ptr<Framer> framer_;
  FramerState state_;
  std::string rest_;
};

using Events = std::vector<std::string>;

}  // namespace weir::test
