#include "plugins/kafka/record.hpp"

#include <algorithm>
#include <utility>

#include "router/base/assert.hpp"

namespace weir::kafka {
namespace {

bool is_answered(const Record& record) noexcept {
  return record.state == Record::State::Delivered || record.state == Record::State::Rejected;
}

}  // namespace

RecordBatch::RecordBatch(Delivery delivery, std::vector<Record> records,
                         std::vector<std::unique_ptr<char[]>> copies)
    : delivery_(std::move(delivery)), records_(std::move(records)), copies_(std::move(copies)) {
  for (Record& record : records_) record.batch = this;
  unanswered_ = static_cast<std::size_t>(std::count_if(
      records_.begin(), records_.end(), [](const Record& record) { return !is_answered(record); }));
}

void RecordBatch::reject(Record& record, Reason reason) noexcept {
  record.reason = reason;
  answer(record, Record::State::Rejected);
}

void RecordBatch::give_up(ErrorCode cause) {
  if (unanswered_ == records_.size()) {
    std::move(delivery_).retry(cause);
    return;
  }
  for (Record& record : records_) {
    if (!is_answered(record)) reject(record, Reason::Shutdown);
  }
  settle();
}

void RecordBatch::settle() {
  WEIR_ASSERT(unanswered_ == 0);
  for (const Record& record : records_) {
    if (record.state != Record::State::Rejected) continue;
    for (std::size_t i = 0; i < record.event_count; ++i) {
      delivery_.reject(record.first_event + i, record.reason);
    }
  }
  std::move(delivery_).delivered();
}

}  // namespace weir::kafka
