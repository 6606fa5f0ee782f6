#include "router/ingest/forward_units.hpp"

#include <atomic>
#include <boost/asio/post.hpp>
#include <utility>

namespace weir {

void AnswerBox::put(ForwardAnswer answer) {
  const std::lock_guard lock(mutex_);
  answers_.push_back(std::move(answer));
  if (io_ == nullptr || std::exchange(is_posted_, true)) return;
  boost::asio::post(*io_, [box = weak_from_this()] {
    if (const auto self = box.lock()) self->wake();
  });
}

void AnswerBox::wake() {
  {
    const std::lock_guard lock(mutex_);
    is_posted_ = false;
    if (io_ == nullptr) return;
  }
  on_answers_();  // close() is called on this thread.
}

std::vector<ForwardAnswer> AnswerBox::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

void AnswerBox::close() noexcept {
  const std::lock_guard lock(mutex_);
  io_ = nullptr;
}

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

ForwardUnits::Begin ForwardUnits::begin(std::string_view chunk, std::uint64_t connection,
                                        const std::shared_ptr<AnswerBox>& box) {
  const std::lock_guard lock(mutex_);
  const auto [unit, is_new] = in_flight_.try_emplace(std::string(chunk));
  unit->second.push_back({.connection = connection, .box = box});
  return is_new ? Begin::New : Begin::InFlight;
}

ReceiptRef ForwardUnits::receipt(std::string_view chunk, Ack ack) {
  return ReceiptRef(new ChunkReceipt(shared_from_this(), chunk, ack));
}

void ForwardUnits::settle(const std::string& chunk, bool whole) {
  std::vector<Waiter> waiters;
  {
    const std::lock_guard lock(mutex_);
    const auto unit = in_flight_.find(chunk);
    if (unit == in_flight_.end()) return;
    waiters = std::move(unit->second);
    in_flight_.erase(unit);
  }
  for (const Waiter& waiter : waiters) {
    waiter.box->put({.connection = waiter.connection, .chunk = chunk, .whole = whole});
  }
}

}  // namespace weir
