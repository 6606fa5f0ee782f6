#pragma once

// OwnEvents: batches of events that weir itself makes for a sink: notices of losses, dead letters.
// They have the columns that the sink asks for, as any other.
//
// Threads: one at a time. What it makes may outlive neither it nor the sink's columns.

#include <cstddef>
#include <memory>
#include <string_view>

#include "router/base/batch.hpp"
#include "router/base/block.hpp"
#include "router/spool/record.hpp"

namespace weir {

class OwnEvents {
 public:
  /// `columns` may be null where the sink has none.
  OwnEvents(MemoryBudget& memory, std::size_t column_count, std::shared_ptr<ColumnSource> columns)
      : pool_(memory, kBlockBytes, 1), column_count_(column_count), columns_(std::move(columns)) {}

  Batch begin() const { return Batch(column_count_); }

  /// Adds a JSON event that came from `origin`. False: there is no memory.
  bool add(Batch& batch, const Origin& origin, std::string_view json);

 private:
  static constexpr std::size_t kBlockBytes = 4096;

  BlockPool pool_;
  const std::size_t column_count_;
  const std::shared_ptr<ColumnSource> columns_;
};

}  // namespace weir
