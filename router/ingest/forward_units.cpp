#include "router/ingest/forward_units.hpp"

#include <atomic>
#include <utility>

namespace weir {

class ForwardUnits::ChunkReceipt final : public Receipt {
 public:
  ChunkReceipt(std::shared_ptr<ForwardUnits> units, std::string_view chunk, Ack ack)
      : Receipt(ack), units_(std::move(units)), chunk_(chunk) {}

 private:
  void refused(Reason, std::uint64_t) noexcept override { was_refused_ = true; }

  void settled(bool whole) noexcept override {
    units_->settle(chunk_, whole && !was_refused_);
    delete this;
  }

  const std::shared_ptr<ForwardUnits> units_;
  const std::string chunk_;
  std::atomic<bool> was_refused_{false};
};

ForwardUnits::~ForwardUnits() {
  std::unique_lock lock(mutex_);
  all_confirmed_.wait(lock, [this] { return confirming_ == 0; });
}

ForwardUnits::Begin ForwardUnits::begin(std::string_view chunk, std::uint64_t connection,
                                        const std::shared_ptr<AnswerBox>& box) {
  std::string name(chunk);
  std::unique_lock lock(mutex_);
  const SeenKeys::State state = keys_->begin(chunk);
  if (state == SeenKeys::State::Full) return Begin::Full;
  if (state != SeenKeys::State::New) metrics_.count_repeated();
  if (state == SeenKeys::State::Seen) return Begin::Seen;
  const auto [unit, is_first] = in_flight_.try_emplace(name);
  unit->second.push_back({.connection = connection, .box = box});
  if (state == SeenKeys::State::New) return Begin::New;
  const bool is_to_be_written = state == SeenKeys::State::Taken && is_first;
  if (is_to_be_written) ++confirming_;
  lock.unlock();
  if (is_to_be_written) confirm(name);
  return Begin::InFlight;
}

ReceiptRef ForwardUnits::receipt(std::string_view chunk, Ack ack) {
  return ReceiptRef(new ChunkReceipt(shared_from_this(), chunk, ack));
}

void ForwardUnits::settle(const std::string& chunk, bool whole) {
  if (!whole) return tell(chunk, false, false);
  {
    const std::lock_guard lock(mutex_);
    ++confirming_;
  }
  confirm(chunk);
}

/// Requires: confirming_ counts it.
void ForwardUnits::confirm(const std::string& chunk) {
  keys_->confirm(chunk, [this, chunk](ErrorCode error) { tell(chunk, !error, true); });
}

void ForwardUnits::tell(const std::string& chunk, bool whole, bool was_confirming) {
  const std::lock_guard lock(mutex_);
  whole ? metrics_.count_acknowledged() : metrics_.count_refused();
  std::vector<Waiter> waiters;
  if (!was_confirming) keys_->forget(chunk);
  const auto unit = in_flight_.find(chunk);
  if (unit != in_flight_.end()) {
    waiters = std::move(unit->second);
    in_flight_.erase(unit);
  }
  for (const Waiter& waiter : waiters) {
    waiter.box->put({.connection = waiter.connection, .chunk = chunk, .whole = whole});
  }
  if (was_confirming && --confirming_ == 0) all_confirmed_.notify_all();
}

void ForwardUnits::await_confirmed(SteadyTime deadline) {
  std::unique_lock lock(mutex_);
  all_confirmed_.wait_until(lock, deadline, [this] { return confirming_ == 0; });
}

}  // namespace weir
