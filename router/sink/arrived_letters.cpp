#include "router/sink/arrived_letters.hpp"

#include <utility>

namespace weir {

/// Of the letters of one batch. Destroys itself.
class ArrivedLetters::Letters final : public Receipt {
 public:
  Letters(std::shared_ptr<ArrivedLetters> list, std::uint64_t ticket) noexcept
      : Receipt(Ack::Durable), list_(std::move(list)), ticket_(ticket) {}

 private:
  void settled(bool whole) noexcept override {
    if (whole) {
      const std::lock_guard lock(list_->mutex_);
      list_->tickets_.push_back(ticket_);
    }
    delete this;
  }

  const std::shared_ptr<ArrivedLetters> list_;
  const std::uint64_t ticket_;
};

ReceiptRef ArrivedLetters::expect(std::shared_ptr<ArrivedLetters> list, std::uint64_t ticket) {
  return ReceiptRef(new Letters(std::move(list), ticket));
}

std::vector<std::uint64_t> ArrivedLetters::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(tickets_, {});
}

}  // namespace weir
