#include "router/ingest/http_unit.hpp"

#include <utility>

namespace weir {

HttpOutbox::HttpOutbox(boost::asio::io_context& io)
    : done_(std::make_shared<ShardMail<std::shared_ptr<HttpUnit>>>(io, [this] { deliver(); })) {}

std::size_t HttpOutbox::underway() const {
  const std::lock_guard lock(mutex_);
  return underway_;
}

/// On the shard's thread.
void HttpOutbox::deliver() {
  for (const auto& unit : done_->take()) {  // They keep this as long.
    if (unit->on_outcome) std::exchange(unit->on_outcome, {})();
  }
}

class HttpUnit::OwnReceipt final : public Receipt {
 public:
  OwnReceipt(std::shared_ptr<HttpUnit> unit, Ack ack) : Receipt(ack), unit_(std::move(unit)) {}

  void refused(Reason reason, std::uint64_t events) noexcept override {
    const std::lock_guard lock(unit_->outbox_->mutex_);
    unit_->undelivered_[reason] += events;
  }

 private:
  void settled(bool whole) noexcept override {
    const std::shared_ptr<HttpUnit> unit = std::move(unit_);
    delete this;
    unit->settled(whole);
  }

  std::shared_ptr<HttpUnit> unit_;
};

HttpUnit::HttpUnit(std::shared_ptr<HttpOutbox> outbox, std::weak_ptr<SeenKeys> keys,
                   std::string key)
    : outbox_(std::move(outbox)), keys_(std::move(keys)), key_(std::move(key)) {
  const std::lock_guard lock(outbox_->mutex_);
  ++outbox_->underway_;
}

/// One that was never begun leaves its key as if it had not come.
HttpUnit::~HttpUnit() {
  {
    const std::lock_guard lock(outbox_->mutex_);
    if (outcome_ != Outcome::Underway) return;
    --outbox_->underway_;
  }
  const auto keys = key_.empty() ? nullptr : keys_.lock();
  if (keys != nullptr) keys->forget(key_);
}

ReceiptRef HttpUnit::begin(Ack ack) { return ReceiptRef(new OwnReceipt(shared_from_this(), ack)); }

/// On any thread.
void HttpUnit::settled(bool whole) {
  const auto keys = key_.empty() ? nullptr : keys_.lock();
  if (keys == nullptr) {
    finish(whole ? Outcome::Acknowledged : Outcome::GivenUp);
  } else if (whole && !nothing_taken_) {
    confirm_key();
  } else {
    keys->forget(key_);
    finish(whole ? Outcome::Acknowledged : Outcome::GivenUp);
  }
}

void HttpUnit::save_key(bool refused_in_part) {
  refused_in_part_ = refused_in_part;
  confirm_key();
}

void HttpUnit::settle_received() {
  const auto keys = key_.empty() ? nullptr : keys_.lock();
  if (keys != nullptr && nothing_taken_) keys->forget(key_);
  // In memory is all that was asked for; the disk follows.
  if (keys != nullptr && !nothing_taken_) {
    keys->confirm(
        key_, [](ErrorCode) {}, refused_in_part_);
  }
  finish(Outcome::Acknowledged);
}

void HttpUnit::confirm_key() {
  const auto keys = keys_.lock();
  if (keys == nullptr) {
    finish(Outcome::KeyNotSaved);
    return;
  }
  const bool refused_in_part = refused_in_part_ || undelivered().total() != 0;
  keys->confirm(
      key_,
      [unit = shared_from_this()](ErrorCode error) {
        unit->finish(error ? Outcome::KeyNotSaved : Outcome::Acknowledged, error);
      },
      refused_in_part);
}

void HttpUnit::finish(Outcome outcome, ErrorCode key_error) {
  {
    const std::lock_guard lock(outbox_->mutex_);
    outcome_ = outcome;
    key_error_ = key_error;
    --outbox_->underway_;
    outbox_->changed_.notify_all();
  }
  outbox_->done_->put(shared_from_this());
}

HttpUnit::Outcome HttpUnit::outcome() const {
  const std::lock_guard lock(outbox_->mutex_);
  return outcome_;
}

HttpUnit::Outcome HttpUnit::await_outcome(SteadyTime deadline) const {
  std::unique_lock lock(outbox_->mutex_);
  outbox_->changed_.wait_until(lock, deadline, [this] { return outcome_ != Outcome::Underway; });
  return outcome_;
}

ErrorCode HttpUnit::key_error() const {
  const std::lock_guard lock(outbox_->mutex_);
  return key_error_;
}

ReasonCounts HttpUnit::undelivered() const {
  const std::lock_guard lock(outbox_->mutex_);
  return undelivered_;
}

}  // namespace weir
