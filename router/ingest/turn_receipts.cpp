#include "router/ingest/turn_receipts.hpp"

#include <utility>

namespace weir {

class TurnReceipts::Turn final : public Receipt {
 public:
  Turn(std::shared_ptr<Box> box, Answer answer)
      : box_(std::move(box)), answer_(std::move(answer)) {}

 private:
  void settled(bool whole) noexcept override {
    answer_.whole = whole;
    {
      const std::lock_guard lock(box_->mutex);
      box_->answers.push_back(std::move(answer_));
    }
    delete this;
  }

  const std::shared_ptr<Box> box_;
  Answer answer_;
};

ReceiptRef TurnReceipts::begin(std::uint64_t turn, std::vector<OffsetTracker::Span> spans) {
  return ReceiptRef(new Turn(box_, {.turn = turn, .spans = std::move(spans), .whole = true}));
}

std::vector<TurnReceipts::Answer> TurnReceipts::take() {
  const std::lock_guard lock(box_->mutex);
  return std::exchange(box_->answers, {});
}

}  // namespace weir
