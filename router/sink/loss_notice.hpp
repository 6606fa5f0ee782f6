#pragma once

// LossNotice: what a sink is told, in its own stream, after events for it were lost: how many, why,
// from when to when. Logplex does so with its error L10; who reads the stream later sees the gap.
// While losses go on there is one a second at most.
//
//   {"weir":"loss","sink":"archive","lost":12,"reasons":{"buffer_full":12},"from":"…","to":"…"}
//
// Not thread-safe: the Buffer's lock protects it.

#include <cstdint>
#include <string>
#include <string_view>

#include "router/base/reason.hpp"

namespace weir {

class LossNotice {
 public:
  /// `now_ns`: wall clock.
  void note(Reason reason, std::uint64_t events, std::int64_t now_ns) noexcept {
    if (events == 0) return;
    if (lost_.total() == 0) from_ns_ = now_ns;
    lost_[reason] += events;
    to_ns_ = now_ns;
  }

  bool pending() const noexcept { return lost_.total() != 0; }

  /// The event; nothing is pending any more.
  std::string take(std::string_view sink);

 private:
  ReasonCounts lost_;
  std::int64_t from_ns_ = 0;
  std::int64_t to_ns_ = 0;
};

}  // namespace weir
