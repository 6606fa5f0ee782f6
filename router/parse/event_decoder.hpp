#pragma once

// EventDecoder: one frame into a row of fields and a Format, by a source's codec: JSON where it is
// an object (auto), else text. A text event has one field: `message`, the whole of it. Fields of
// metadata are not its work.
//
// Threads: one for each shard.

#include <cstdint>
#include <span>
#include <string_view>

#include "router/base/batch.hpp"
#include "router/parse/field_tree.hpp"
#include "router/parse/json_decoder.hpp"

namespace weir {

enum class Codec : std::uint8_t { Auto, Json, Text };

class EventDecoder {
 public:
  /// Overwrites `row`. Requires: limits::kBlockPadding readable bytes behind `event`.
  Format decode(std::string_view event, Codec codec, bool validate_fully, const FieldTree& fields,
                std::span<Value> row) {
    for (Value& value : row) value = Value();
    if (codec == Codec::Json || (codec == Codec::Auto && begins_object(event))) [[likely]] {
      if (validate_fully && !json_.validate(event)) return Format::Malformed;
      if (fields.empty() || json_.decode(event, fields, row)) return Format::Json;
      return malformed(row);
    }
    if (const int message = fields.message_slot(); message >= 0) {
      row[static_cast<std::size_t>(message)] = Value::string(event);
    }
    return Format::Text;
  }

  /// See JsonDecoder::index_run.
  void index_run(std::string_view run) { json_.index_run(run); }

  /// The first byte that is no blank is a brace: with codec=auto it is meant to be JSON.
  static bool begins_object(std::string_view event) noexcept {
    for (const char c : event) {
      if (c == '{') return true;
      if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return false;
    }
    return false;
  }

 private:
  static Format malformed(std::span<Value> row) noexcept;

  JsonDecoder json_;
};

/// "json", "text", "malformed".
std::string_view to_string(Format format) noexcept;

}  // namespace weir
