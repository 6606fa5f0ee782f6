#pragma once

// RecordFilter: a condition of the route language, asked about records one by one, outside of a
// router.
//
// Threads: one at a time.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "router/base/batch.hpp"
#include "router/topology/event_columns.hpp"

namespace weir {

class RecordFilter {
 public:
  /// `where`: the condition; "" holds for all. Throws ConfigError, in the name of `option`.
  RecordFilter(const std::string& where, const std::string& option);

  bool holds(std::string_view bytes, bool truncated, const Origin& origin);

 private:
  std::unique_ptr<EventColumns> columns_;  // Null: all.
  std::vector<char> padded_;               // The decoder looks behind the end.
};

}  // namespace weir
