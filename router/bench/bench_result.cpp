#include "router/bench/bench_result.hpp"

namespace weir::bench {

double BenchResult::bytes_per_event() const {
  if (issued_events == 0) return 0;
  return static_cast<double>(issued_bytes) / static_cast<double>(issued_events);
}

bool BenchResult::passed(bool allow_loss) const {
  if (!valid() || !failures.empty()) return false;
  if (!verdict) return true;
  const Counts& all = verdict->all;
  if (all.lost != 0 && !allow_loss) return false;
  return all.duplicated == 0 && all.reordered == 0 && all.corrupted == 0 && all.torn == 0;
}

}  // namespace weir::bench
