#pragma once

// SpoolColumns: a sink's columns for events that come from its spool: fields are read anew, by the
// configuration of this process. It has a set of fields of its own, as a spool outlives reloads.
//
// Threads: the sink's runner's.

#include <span>
#include <string>
#include <vector>

#include "router/base/field_set.hpp"
#include "router/parse/event_decoder.hpp"
#include "router/parse/field_tree.hpp"
#include "router/route/fan_out.hpp"
#include "router/spool/record.hpp"

namespace weir {

class SpoolColumns final : public ColumnSource {
 public:
  /// `texts`: what the sink asked for with SinkContext::column(), in that order; each compiles.
  explicit SpoolColumns(const std::vector<std::string>& texts);

  std::span<const Value> columns(const Event& event, const Origin& origin) override;

 private:
  struct Compiled {
    FieldSet fields;
    std::vector<Column> columns;
  };
  static Compiled compile(const std::vector<std::string>& texts);
  explicit SpoolColumns(Compiled compiled);
  void fill_metadata(const Event& event, const Origin& origin);

  FieldTree fields_;
  std::vector<Column> columns_;
  EventDecoder decoder_;
  std::vector<Value> row_;
  std::vector<Value> values_;
  std::string peer_;
};

}  // namespace weir
