#pragma once

// BatchBuilder: makes Batches for tests as a source would: events lie in Blocks, with columns and
// origins. The builder owns the memory that columns and source names view, so it outlives its
// Batches.
//
//   BatchBuilder builder(1);
//   builder.origin("apps", 1'000'000'000);
//   builder.json(R"({"app":"web"})", {Value::string("web")});
//   Batch batch = builder.take();

#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "router/base/batch.hpp"
#include "router/base/block.hpp"

namespace weir::test {

class BatchBuilder {
 public:
  explicit BatchBuilder(std::size_t column_count = 0, std::size_t block_bytes = 256 * 1024);

  /// Events from here on came from `source`.
  BatchBuilder& origin(std::string_view source, std::int64_t received_ns, const Peer& peer = {});

  /// Adds an event whose newline follows it in the Block.
  BatchBuilder& line(std::string_view bytes, std::initializer_list<Value> columns = {},
                     Format format = Format::Text);
  BatchBuilder& json(std::string_view bytes, std::initializer_list<Value> columns = {}) {
    return line(bytes, columns, Format::Json);
  }

  /// Adds an event that nothing follows.
  BatchBuilder& bare(std::string_view bytes, std::initializer_list<Value> columns = {},
                     Format format = Format::Text);

  /// For what the above have no argument for: `event.data` and `size` are set here.
  BatchBuilder& add(Event event, std::string_view bytes, std::span<const Value> columns);

  /// A column that views memory of this builder.
  Value text(std::string_view value);

  std::size_t size() const noexcept { return batch_.size(); }

  /// The Batch so far; the builder starts the next one.
  Batch take();

 private:
  MemoryBudget budget_{std::size_t{1} << 30};
  BlockPool pool_;
  BlockRef block_;
  std::size_t block_used_ = 0;
  std::deque<std::string> names_;  // A deque: what they are viewed by must not move.
  Origin origin_;
  std::size_t column_count_;
  Batch batch_;
};

}  // namespace weir::test
