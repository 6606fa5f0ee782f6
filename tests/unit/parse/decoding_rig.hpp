#pragma once

// Decodes one event with a set of wanted fields and gives the values as text.

#include <string>
#include <string_view>
#include <vector>

#include "router/base/limits.hpp"
#include "router/parse/json_decoder.hpp"

namespace weir::test {

/// "missing", "null", "true", "7", "7.5", "\"text\"", "{…}".
inline std::string text_of(const Value& value) {
  if (value.missing()) return "missing";
  std::string text;
  value.append_to(text);
  return value.type() == ValueType::String ? '"' + text + '"' : text;
}

class DecodingRig {
 public:
  explicit DecodingRig(const std::vector<FieldPath>& paths) {
    for (const FieldPath& path : paths) fields_.add(path);
    tree_ = FieldTree(fields_);
    row_.resize(fields_.size());
  }

  /// False: the event is malformed.
  bool decode(std::string_view event) {
    padded_.assign(event);
    padded_.append(limits::kBlockPadding, '\0');
    return decode_in_place({padded_.data(), event.size()});
  }
  bool decode_in_place(std::string_view event) {
    row_.assign(row_.size(), Value());
    return decoder_.decode(event, tree_, row_);
  }

  std::string field(std::size_t slot) const { return text_of(row_[slot]); }
  const Value& value(std::size_t slot) const { return row_[slot]; }
  JsonDecoder& decoder() { return decoder_; }

 private:
  FieldSet fields_;
  FieldTree tree_;
  JsonDecoder decoder_;
  std::vector<Value> row_;
  std::string padded_;
};

}  // namespace weir::test
