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
    {
      const std::lock_guard lock(list_->mutex_);
      (whole ? list_->news_.arrived : list_->news_.given_up).push_back(ticket_);
    }
    delete this;
  }

  const std::shared_ptr<ArrivedLetters> list_;
  const std::uint64_t ticket_;
};

ReceiptRef ArrivedLetters::expect(std::shared_ptr<ArrivedLetters> list, std::uint64_t ticket) {
  return ReceiptRef(new Letters(std::move(list), ticket));
}

ArrivedLetters::News ArrivedLetters::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, {});
}

}  // namespace weir
