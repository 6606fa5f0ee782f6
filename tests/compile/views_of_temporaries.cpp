// A view never outlives its owner: accessors that return views are deleted on temporaries. Compiled
// once for each number; only 0 may compile.

#include "router/base/batch.hpp"
#include "router/sink/sink.hpp"

#ifndef CASE
#error "which case?"
#endif

namespace weir {

struct NoOwner final : DeliveryOwner {
  void settle(Batch, std::uint64_t, Fate) noexcept override {}
};

inline std::size_t look(NoOwner& owner) {
#if CASE == 0
  const Batch batch;
  const Delivery delivery(Batch(), 0, owner);
  return batch.events().size() + batch.columns(0).size() + delivery.batch().size();
#elif CASE == 1
  return Batch().events().size();
#elif CASE == 2
  return Batch().columns(0).size();
#elif CASE == 3
  return Delivery(Batch(), 0, owner).batch().size();
#elif CASE == 4
  const Batch batch;
  const Batch copy(batch);  // Moved from thread to thread, never shared.
  return copy.size();
#elif CASE == 5
  const Delivery delivery(Batch(), 0, owner);
  const Delivery copy(delivery);  // One duty, one holder.
  return copy.batch().size();
#endif
}

}  // namespace weir
