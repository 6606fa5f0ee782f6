#include "tests/support/fake_owner.hpp"

#include <utility>

#include "router/base/assert.hpp"

namespace weir::test {

void FakeOwner::settle(Batch batch, std::uint64_t ticket, Fate fate) noexcept {
  const std::lock_guard lock(mutex_);
  settled_.push_back({std::move(batch), ticket, std::move(fate)});
  changed_.notify_all();
}

std::size_t FakeOwner::settled_count() const {
  const std::lock_guard lock(mutex_);
  return settled_.size();
}

bool FakeOwner::wait_for(std::size_t count, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return settled_.size() >= count; });
}

FakeOwner::Settled FakeOwner::take_last() {
  const std::lock_guard lock(mutex_);
  WEIR_ASSERT(!settled_.empty());
  Settled last = std::move(settled_.back());
  settled_.pop_back();
  return last;
}

}  // namespace weir::test
