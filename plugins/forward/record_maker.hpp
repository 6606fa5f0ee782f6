#pragma once

// RecordMaker: events as entries of the Forward protocol, [EventTime, record].
//
//   Records::Fields  a JSON event becomes a map of its fields, numbers exact; anything else (text,
//                    what only looked like JSON, what is nested deeper than a receiver follows)
//                    {"message": …}
//   Records::Bytes   the event's bytes as they came, in the field that another weir knows
//                    (forward::kBytesField)
//
// One belongs to one sink and its thread. Memory: that of the largest event.

#include <simdjson.h>

#include <cstdint>
#include <string>

#include "router/base/batch.hpp"
#include "router/sink/encoder.hpp"

namespace weir::forward {

enum class Records : std::uint8_t { Fields, Bytes };

class RecordMaker {
 public:
  /// `encoding`: with Json, Bytes carries what Encoder makes of an event.
  RecordMaker(Records records, Encoder encoder, bool encodes_json)
      : records_(records), encoder_(std::move(encoder)), encodes_json_(encodes_json) {}

  /// Appends the entry of the event at `index`.
  void append(const Batch& batch, std::size_t index, std::string& out);

 private:
  bool append_fields(std::string_view json, std::string& out);
  void append_encoded(const Batch& batch, std::size_t index, std::string& out);

  const Records records_;
  Encoder encoder_;
  const bool encodes_json_;
  simdjson::dom::parser parser_;
};

}  // namespace weir::forward
