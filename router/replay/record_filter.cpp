#include "router/replay/record_filter.hpp"

#include "config/error.hpp"
#include "router/base/limits.hpp"
#include "router/parse/event_decoder.hpp"
#include "router/route/expression.hpp"

namespace weir {

RecordFilter::RecordFilter(const std::string& where, const std::string& option) {
  if (where.empty()) return;
  try {
    FieldSet scratch;
    Expression::compile_condition(where, scratch);
    columns_ = std::make_unique<EventColumns>(std::vector<std::string>{where});
  } catch (const ExpressionError& error) {
    const Location place{.origin = option, .line = 1, .column = 1, .line_text = where};
    throw ConfigError(place.at(error.offset()), error.message(), error.hint());
  }
}

bool RecordFilter::holds(std::string_view bytes, bool truncated, const Origin& origin) {
  if (columns_ == nullptr) return true;
  padded_.assign(bytes.begin(), bytes.end());
  padded_.resize(bytes.size() + limits::kBlockPadding);
  Event event{.data = padded_.data(), .size = static_cast<std::uint32_t>(bytes.size())};
  event.format = EventDecoder::begins_object(bytes) ? Format::Json : Format::Text;
  event.truncated = truncated;
  const Value& value = columns_->columns(event, origin).front();
  return value.type() == ValueType::Bool && value.boolean();
}

}  // namespace weir
