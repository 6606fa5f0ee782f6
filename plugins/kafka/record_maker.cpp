#include "plugins/kafka/record_maker.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir::kafka {
namespace {

/// True where `second` lies right behind `first` and its newline.
bool lie_together(const Event& first, const Event& second) noexcept {
  return first.newline_follows && first.data + first.size + 1 == second.data;
}

}  // namespace

RecordMaker::RecordMaker(const Settings& settings, RecordLimits limits)
    : limits_(limits), wraps_(settings.string("encoding") == "json"), encoder_(settings) {}

std::unique_ptr<RecordBatch> RecordMaker::make(Delivery delivery, Topics& topics) {
  const Batch& batch = delivery.batch();
  records_.clear();
  records_.reserve(batch.size());
  copies_.clear();
  if (limits_.events_per_record_max > 1) {
    add_packed(batch);
  } else {
    add_each(batch, topics);
  }
  return std::make_unique<RecordBatch>(std::move(delivery), std::exchange(records_, {}),
                                       std::exchange(copies_, {}));
}

void RecordMaker::add_each(const Batch& batch, Topics& topics) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Event& event = batch.events()[i];
    const std::string_view payload = payload_of(batch, i);
    Record record{.payload = payload.data(),
                  .size = static_cast<std::uint32_t>(payload.size()),
                  .first_event = static_cast<std::uint32_t>(i)};
    if (!topics.is_one()) {
      const auto topic = topics.choose(batch.columns(i), batch.origin(event).received_ns);
      record.topic = topic.value_or(0);
      if (!topic) {
        record.state = Record::State::Rejected;
        record.reason = Reason::NoDestination;
      }
    }
    records_.push_back(record);
  }
}

/// The event's bytes, or what they are wrapped in.
std::string_view RecordMaker::payload_of(const Batch& batch, std::size_t index) {
  const Event& event = batch.events()[index];
  if (!wraps_ || (event.format == Format::Json && !event.truncated)) return event.bytes();
  encoder_.clear();
  encoder_.add(batch, index, 1);
  copies_.push_back(std::make_unique_for_overwrite<char[]>(encoder_.byte_count()));
  char* const copy = copies_.back().get();
  std::size_t size = 0;
  for (const iovec& piece : encoder_.pieces()) {
    std::memcpy(copy + size, piece.iov_base, piece.iov_len);
    size += piece.iov_len;
  }
  return {copy, size - 1};  // A record needs no newline behind it.
}

/// Requires: there is one topic.
void RecordMaker::add_packed(const Batch& batch) {
  std::vector<std::string_view> payloads;
  for (std::size_t first = 0; first < batch.size(); first += payloads.size()) {
    payloads.clear();
    std::size_t bytes = 0;
    bool together = true;
    const std::size_t last = std::min(batch.size(), first + limits_.events_per_record_max);
    for (std::size_t i = first; i < last; ++i) {
      const std::string_view payload = payload_of(batch, i);
      if (!payloads.empty() && bytes + 1 + payload.size() > limits_.record_bytes_max) break;
      together = together && payload.data() == batch.events()[i].data &&
                 (payloads.empty() || lie_together(batch.events()[i - 1], batch.events()[i]));
      bytes += payload.size() + (payloads.empty() ? 0 : 1);
      payloads.push_back(payload);
    }
    const char* start = payloads.front().data();
    if (!together && payloads.size() > 1) {
      copies_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
      char* out = copies_.back().get();
      start = out;
      for (const std::string_view payload : payloads) {
        if (out != start) *out++ = '\n';
        out = std::copy(payload.begin(), payload.end(), out);
      }
    }
    records_.push_back({.payload = start,
                        .size = static_cast<std::uint32_t>(bytes),
                        .first_event = static_cast<std::uint32_t>(first),
                        .event_count = static_cast<std::uint16_t>(payloads.size())});
  }
}

}  // namespace weir::kafka
