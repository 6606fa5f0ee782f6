#include "router/topology/spool_columns.hpp"

#include <utility>

namespace weir {

SpoolColumns::SpoolColumns(const std::vector<std::string>& texts) : SpoolColumns(compile(texts)) {}

SpoolColumns::SpoolColumns(Compiled compiled)
    : fields_(compiled.fields),
      columns_(std::move(compiled.columns)),
      row_(compiled.fields.size()),
      values_(columns_.size()) {}

SpoolColumns::Compiled SpoolColumns::compile(const std::vector<std::string>& texts) {
  Compiled compiled;
  for (const std::string& text : texts) {
    Expression expression = Expression::compile(text, compiled.fields);
    if (const auto slot = expression.field()) {
      compiled.columns.push_back({.slot = *slot, .expression = std::nullopt});
    } else {
      compiled.columns.push_back({.slot = 0, .expression = std::move(expression)});
    }
  }
  return compiled;
}

std::span<const Value> SpoolColumns::columns(const Event& event, const Origin& origin) {
  const Codec codec = event.format == Format::Text ? Codec::Text : Codec::Json;
  decoder_.decode(event.bytes(), codec, false, fields_, row_);
  if (!fields_.metadata().empty()) fill_metadata(event, origin);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    values_[i] = column.expression ? column.expression->evaluate(row_) : row_[column.slot];
  }
  return values_;
}

void SpoolColumns::fill_metadata(const Event& event, const Origin& origin) {
  for (const auto& [metadata, slot] : fields_.metadata()) {
    switch (metadata) {
      case Metadata::Source:
        row_[slot] = Value::string(*origin.source);
        break;
      case Metadata::Peer:
        peer_ = to_string(origin.peer);
        row_[slot] = peer_.empty() ? Value() : Value::string(peer_, true);
        break;
      case Metadata::Received:
        row_[slot] = Value::of(static_cast<double>(origin.received_ns) * 1e-9);
        break;
      case Metadata::Format:
        row_[slot] = Value::string(to_string(event.format));
        break;
      case Metadata::Truncated:
        row_[slot] = Value::of(static_cast<bool>(event.truncated));
        break;
      case Metadata::None:
        break;
    }
  }
}

}  // namespace weir
