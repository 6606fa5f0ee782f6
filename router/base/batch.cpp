#include "router/base/batch.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "router/base/assert.hpp"

namespace weir {

void Batch::begin(const Origin& origin, const BlockRef& block) {
  WEIR_ASSERT(!full_of_origins());
  origin_ = static_cast<std::uint16_t>(origins_.size());
  origins_.push_back(origin);
  if (blocks_.empty() || blocks_.back() != block) blocks_.push_back(block);
}

void Batch::add_columns(std::span<const Value> columns) {
  WEIR_ASSERT(columns.size() == column_count_);
  for (const Value& value : columns) columns_.push_back(value.transient() ? keep(value) : value);
}

Value Batch::keep(const Value& transient) {
  const std::string_view text = transient.text();
  kept_texts_.emplace_back(new char[text.size()]);
  kept_bytes_ += text.size();
  char* copy = kept_texts_.back().get();
  std::memcpy(copy, text.data(), text.size());
  const std::string_view kept{copy, text.size()};
  return transient.type() == ValueType::Json ? Value::json(kept) : Value::string(kept);
}

void Batch::move_into(const BlockRef& block) {
  WEIR_ASSERT(block->capacity() >= byte_count_ + events_.size());
  char* at = block->data();
  for (std::size_t i = 0; i < events_.size(); ++i) {
    Event& event = events_[i];
    std::memcpy(at, event.data, event.size);
    // Columns that view the event follow it to its new place; others view memory that stays.
    for (std::size_t c = 0; c < column_count_; ++c) {
      Value& value = columns_[i * column_count_ + c];
      if (value.type() != ValueType::String && value.type() != ValueType::Json) continue;
      const std::string_view text = value.text();
      if (text.data() < event.data || text.data() >= event.data + event.size) continue;
      const std::string_view moved{at + (text.data() - event.data), text.size()};
      value = value.type() == ValueType::Json ? Value::json(moved) : Value::string(moved);
    }
    event.data = at;
    at += event.size;
    *at++ = '\n';
    event.newline_follows = true;
  }
  blocks_.assign(1, block);
}

void Batch::move_event(std::size_t from, std::size_t to) noexcept {
  if (from == to) return;
  events_[to] = events_[from];
  for (std::size_t c = 0; c < column_count_; ++c) {
    columns_[to * column_count_ + c] = columns_[from * column_count_ + c];
  }
}

/// Of the events only the first `kept` are left.
std::size_t Batch::cut_after(std::size_t kept) {
  const std::size_t gone = events_.size() - kept;
  if (gone == 0) return 0;
  events_.resize(kept);
  columns_.resize(kept * column_count_);
  if (kept < gone) {  // What few are left may wait for long: not in the room of many.
    events_.shrink_to_fit();
    columns_.shrink_to_fit();
  }
  byte_count_ = 0;
  std::size_t unused = 0;  // Origins come in the order of their events.
  for (const Event& event : events_) {
    byte_count_ += event.size;
    for (; unused < event.origin; ++unused) origins_[unused].receipt = {};
    unused = event.origin + std::size_t{1};
  }
  for (; unused < origins_.size(); ++unused) origins_[unused].receipt = {};
  return gone;
}

bool Batch::awaits(Ack ack) const noexcept {
  return std::any_of(origins_.begin(), origins_.end(), [ack](const Origin& origin) {
    return origin.receipt && origin.receipt->ack() == ack;
  });
}

Batch Batch::view() const {
  Batch view;
  view.events_ = events_;
  view.blocks_ = blocks_;
  view.byte_count_ = byte_count_;
  view.origins_ = origins_;
  for (Origin& origin : view.origins_) origin.receipt = {};
  return view;
}

Batch Batch::split_durable() {
  Batch view;
  view.events_ = events_;
  view.blocks_ = blocks_;
  view.byte_count_ = byte_count_;
  view.origins_ = origins_;
  for (Origin& origin : view.origins_) {
    if (origin.receipt && origin.receipt->ack() != Ack::Durable) origin.receipt = {};
  }
  for (Origin& origin : origins_) {
    if (origin.receipt && origin.receipt->ack() == Ack::Durable) origin.receipt = {};
  }
  return view;
}

void Batch::share_receipts(const Batch& view) {
  WEIR_ASSERT(view.origins_.size() == origins_.size());
  for (std::size_t i = 0; i < origins_.size(); ++i) {
    if (!origins_[i].receipt) origins_[i].receipt = view.origins_[i].receipt;
  }
}

void Batch::take_receipts(Ack ack, std::vector<ReceiptRef>& to) {
  for (Origin& origin : origins_) {
    if (!origin.receipt || origin.receipt->ack() != ack) continue;
    to.push_back(std::exchange(origin.receipt, {}));
  }
}

void Batch::forsake() const noexcept {
  for (const Origin& origin : origins_) {
    if (origin.receipt) origin.receipt->forsake();
  }
}

void Batch::refuse(Reason reason) const noexcept {
  const auto waited_for = [](const Origin& origin) { return static_cast<bool>(origin.receipt); };
  if (std::none_of(origins_.begin(), origins_.end(), waited_for)) return;
  for (std::size_t i = 0; i < events_.size(); ++i) refuse(i, reason);
}

void Batch::refuse(std::size_t index, Reason reason) const noexcept {
  const ReceiptRef& receipt = origin(events_[index]).receipt;
  if (receipt) receipt->refused(reason, 1);
}

std::size_t Batch::overhead_bytes() const noexcept {
  return sizeof(Batch) + events_.capacity() * sizeof(Event) + columns_.capacity() * sizeof(Value) +
         origins_.capacity() * sizeof(Origin) + blocks_.capacity() * sizeof(BlockRef) + kept_bytes_;
}

}  // namespace weir
