#include "router/route/json_lookup.hpp"

#include <simdjson.h>

#include <cstddef>

#include "router/base/limits.hpp"
#include "router/route/operation.hpp"

namespace weir::route {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(limits::kBlockPadding >= simdjson::SIMDJSON_PADDING);

/// Parsers grow with what they read and never shrink: one that is kept must not meet giants.
constexpr std::size_t kKeptParserBytesMax = 1024 * 1024;

/// An array's element as a Value; Missing for arrays and objects, which nothing can be equal to.
/// A string lives in the parser until the next element is read.
Value value_of(ondemand::value element) {
  ondemand::json_type type{};
  if (element.type().get(type) != simdjson::SUCCESS) return {};
  switch (type) {
    case ondemand::json_type::string: {
      std::string_view text;
      return element.get_string().get(text) == simdjson::SUCCESS ? Value::string(text) : Value();
    }
    case ondemand::json_type::number: {
      ondemand::number number;
      if (element.get_number().get(number) != simdjson::SUCCESS) return {};
      if (number.is_int64()) return Value::of(std::int64_t{number.get_int64()});
      if (number.is_uint64()) return Value::of(std::uint64_t{number.get_uint64()});
      return Value::of(number.get_double());
    }
    case ondemand::json_type::boolean: {
      bool boolean = false;
      return element.get_bool().get(boolean) == simdjson::SUCCESS ? Value::of(boolean) : Value();
    }
    case ondemand::json_type::null:
      return Value::null();
    default:
      return {};
  }
}

bool array_contains(ondemand::document& document, const Value& needle) {
  ondemand::array array;
  if (document.get_array().get(array) != simdjson::SUCCESS) return false;
  for (auto element : array) {
    ondemand::value value;
    if (element.get(value) != simdjson::SUCCESS) return false;
    if (compare(Relation::Equal, value_of(value), needle)) return true;
  }
  return false;
}

bool object_contains(ondemand::document& document, const Value& needle) {
  if (needle.type() != ValueType::String) return false;
  ondemand::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS) return false;
  for (auto field : object) {
    std::string_view key;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
    if (key == needle.text()) return true;
  }
  return false;
}

/// Calls `look(document)`; `otherwise` where the text cannot be parsed at all.
template <class Look, class Answer>
Answer with_document(std::string_view json, Answer otherwise, Look look) {
  const auto parse_and_look = [&](ondemand::parser& parser) {
    const simdjson::padded_string_view padded(json.data(), json.size(),
                                              json.size() + simdjson::SIMDJSON_PADDING);
    ondemand::document document;
    if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return otherwise;
    return look(document);
  };
  if (json.size() > kKeptParserBytesMax) {
    ondemand::parser parser;
    return parse_and_look(parser);
  }
  thread_local ondemand::parser kept_parser;
  return parse_and_look(kept_parser);
}

}  // namespace

bool json_contains(std::string_view json, const Value& needle) noexcept {
  if (needle.missing() || json.empty()) return false;
  return with_document(json, false, [&](ondemand::document& document) {
    return json.front() == '[' ? array_contains(document, needle)
                               : object_contains(document, needle);
  });
}

Value json_size(std::string_view json) noexcept {
  if (json.empty()) return {};
  return with_document(json, Value(), [&](ondemand::document& document) {
    std::size_t count = 0;
    if (json.front() == '[') {
      if (document.count_elements().get(count) != simdjson::SUCCESS) return Value();
    } else if (document.count_fields().get(count) != simdjson::SUCCESS) {
      return Value();
    }
    return Value::of(static_cast<std::int64_t>(count));
  });
}

}  // namespace weir::route
