#pragma once

// `weir top`: live rates, queues, latency and loss of each source, route and sink.

#include <chrono>
#include <iosfwd>
#include <string>

#include "router/telemetry/ledger.hpp"

namespace weir {

struct TopCommand {
  std::string control_socket;  ///< "" = the default.
  bool once = false;           ///< --once: one picture, then the end.
  bool is_terminal = false;    ///< Of `out`. If it is not, `once` is taken for granted.
  std::chrono::milliseconds interval{1000};
};

/// On a terminal draws anew each interval until it is interrupted or the router is gone; otherwise
/// prints one picture made of two samples an interval apart. Returns the exit code: 1 where no
/// router answers (said on `errors`).
int top_command(const TopCommand& command, std::ostream& out, std::ostream& errors);

/// The picture: `now` against `before`, an earlier sample of the same router. Rates are by the
/// router's own clock. Where the router was started anew in between, its whole life counts.
std::string top_text(const Balance& before, const Balance& now);

/// The quantile (0..1) of what was delivered between two samples, in seconds, interpolated inside
/// its bucket; 0 where nothing was; infinity above the last bound.
double delivery_quantile(const SinkBalance& before, const SinkBalance& now, double quantile);

}  // namespace weir
