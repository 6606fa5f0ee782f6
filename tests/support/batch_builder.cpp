#include "tests/support/batch_builder.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir::test {

BatchBuilder::BatchBuilder(std::size_t column_count, std::size_t block_bytes)
    : pool_(budget_, block_bytes, 0), column_count_(column_count), batch_(column_count) {
  origin("test", 1'700'000'000'000'000'000);
}

BatchBuilder& BatchBuilder::origin(std::string_view source, std::int64_t received_ns,
                                   const Peer& peer) {
  origin_ = {.source = &names_.emplace_back(source), .received_ns = received_ns, .peer = peer};
  if (!batch_.empty()) batch_.begin(origin_, block_);
  return *this;
}

BatchBuilder& BatchBuilder::line(std::string_view bytes, std::initializer_list<Value> columns,
                                 Format format) {
  return add({.format = format, .newline_follows = true}, bytes, columns);
}

BatchBuilder& BatchBuilder::bare(std::string_view bytes, std::initializer_list<Value> columns,
                                 Format format) {
  return add({.format = format}, bytes, columns);
}

BatchBuilder& BatchBuilder::add(Event event, std::string_view bytes,
                                std::span<const Value> columns) {
  const std::size_t needed = bytes.size() + 1;
  bool is_new_read = batch_.empty();
  if (!block_ || block_used_ + needed > block_->capacity()) {
    block_ = needed > pool_.block_bytes() ? pool_.acquire_exact(needed) : pool_.acquire();
    block_used_ = 0;
    is_new_read = true;
  }
  char* at = block_->data() + block_used_;
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  // Behind an event that no newline follows stands a byte that must never be written.
  at[bytes.size()] = event.newline_follows ? '\n' : '\x7f';
  block_used_ += needed;
  event.data = at;
  event.size = static_cast<std::uint32_t>(bytes.size());
  if (is_new_read) batch_.begin(origin_, block_);
  batch_.add(event, columns);
  return *this;
}

Value BatchBuilder::text(std::string_view value) {
  return Value::string(names_.emplace_back(value));
}

Batch BatchBuilder::take() {
  block_ = {};
  return std::exchange(batch_, Batch(column_count_));
}

}  // namespace weir::test
