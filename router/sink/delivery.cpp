#include <utility>

#include "router/base/assert.hpp"
#include "router/sink/sink.hpp"

namespace weir {

Delivery::Delivery(Delivery&& other) noexcept
    : batch_(std::move(other.batch_)),
      rejected_(std::move(other.rejected_)),
      ticket_(other.ticket_),
      owner_(std::exchange(other.owner_, nullptr)) {}

Delivery& Delivery::operator=(Delivery&& other) noexcept {
  if (this == &other) return *this;
  if (owner_ != nullptr) settle(false, {});
  batch_ = std::move(other.batch_);
  rejected_ = std::move(other.rejected_);
  ticket_ = other.ticket_;
  owner_ = std::exchange(other.owner_, nullptr);
  return *this;
}

Delivery::~Delivery() {
  if (owner_ != nullptr) settle(false, {});
}

void Delivery::reject(std::size_t index, Reason reason) {
  WEIR_ASSERT(index < batch_.size());
  WEIR_ASSERT(rejected_.empty() || rejected_.back().index < index);
  rejected_.push_back({index, reason});
}

void Delivery::delivered() && { settle(true, {}); }

void Delivery::retry(ErrorCode cause) && { settle(false, cause); }

void Delivery::settle(bool delivered, ErrorCode cause) noexcept {
  WEIR_ASSERT(owner_ != nullptr);
  std::exchange(owner_, nullptr)
      ->settle(std::move(batch_), ticket_,
               Fate{.delivered = delivered, .cause = cause, .rejected = std::move(rejected_)});
}

}  // namespace weir
