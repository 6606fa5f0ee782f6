#include "router/parse/event_decoder.hpp"

#include <algorithm>

namespace weir {

Format EventDecoder::decode_json(std::string_view event, bool validate_fully,
                                 const FieldTree& fields, std::span<Value> row) {
  if (validate_fully && !json_.validate(event)) return Format::Malformed;
  if (fields.empty()) return Format::Json;
  if (json_.decode(event, fields, row)) return Format::Json;
  std::fill(row.begin(), row.end(), Value());
  return Format::Malformed;
}

std::string_view to_string(Format format) noexcept {
  switch (format) {
    case Format::Json:
      return "json";
    case Format::Malformed:
      return "malformed";
    case Format::Text:
      break;
  }
  return "text";
}

}  // namespace weir
