#include "router/bench/bench_result.hpp"

#include <algorithm>
#include <cmath>

namespace weir::bench {

double BenchResult::bytes_per_event() const {
  if (issued_events == 0) return 0;
  return static_cast<double>(issued_bytes) / static_cast<double>(issued_events);
}

std::uint64_t BenchResult::delivered() const {
  if (verdict) return verdict->all.delivered;
  const double each = bytes_per_event();
  if (untaken_bytes == 0 || each <= 0) return issued_events;
  const double untaken = std::ceil(static_cast<double>(untaken_bytes) / each);
  return issued_events - std::min(issued_events, static_cast<std::uint64_t>(untaken));
}

bool BenchResult::passed(bool allow_loss) const {
  if (!valid() || !failures.empty()) return false;
  if (!verdict) return true;
  const Counts& all = verdict->all;
  if (all.lost != 0 && !allow_loss) return false;
  return all.duplicated == 0 && all.reordered == 0 && all.corrupted == 0 && all.torn == 0;
}

}  // namespace weir::bench
