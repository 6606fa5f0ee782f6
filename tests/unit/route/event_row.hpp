#pragma once

// EventRow: the fields of an event as the decoder would hand them over, by the names that
// conditions use. Made for tests of conditions and routes.

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "router/base/field_set.hpp"
#include "router/base/limits.hpp"
#include "router/base/value.hpp"

namespace weir::test {

class EventRow {
 public:
  EventRow& set(std::string_view name, const Value& value) {
    values_.insert_or_assign(std::string(name), value);
    return *this;
  }
  EventRow& set(std::string_view name, std::string_view text) {
    return set(name, Value::string(kept(text)));
  }
  EventRow& set(std::string_view name, const char* text) {
    return set(name, std::string_view(text));
  }
  EventRow& set(std::string_view name, int number) {
    return set(name, Value::of(std::int64_t{number}));
  }
  /// With the padding that a Block has.
  EventRow& set_json(std::string_view name, std::string_view json) {
    return set(name, Value::json(kept(json)));
  }

  /// What is not set is missing.
  std::vector<Value> of(const FieldSet& fields) const {
    std::vector<Value> row;
    for (const FieldPath& path : fields.paths()) {
      const auto found = values_.find(to_string(path));
      row.push_back(found == values_.end() ? Value() : found->second);
    }
    return row;
  }

 private:
  std::string_view kept(std::string_view text) {
    std::string& padded = texts_.emplace_back(text);
    padded.append(limits::kBlockPadding, '\0');
    return std::string_view(padded).substr(0, text.size());
  }

  std::map<std::string, Value, std::less<>> values_;
  std::deque<std::string> texts_;
};

}  // namespace weir::test
