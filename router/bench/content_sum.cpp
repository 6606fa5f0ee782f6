#include "router/bench/content_sum.hpp"

#include <simdjson.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "router/bench/mix.hpp"
#include "router/bench/stamp.hpp"

namespace weir::bench {
namespace {

namespace dom = simdjson::dom;

// What a value is goes into its sum: "1", 1 and [1] differ.
enum class Tag : std::uint64_t { Null = 1, False, True, Number, BigNumber, String, Array, Object };

std::uint64_t tagged(Tag tag, std::uint64_t bits) noexcept {
  return mix(bits + mix(static_cast<std::uint64_t>(tag)));
}

/// 2, 2.0 and 2e0 are one number; where a double cannot tell an integer from its neighbour, the
/// integer counts.
std::uint64_t number_sum(double number) noexcept {
  return tagged(Tag::Number, std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number));
}

template <class Integer>
std::uint64_t integer_sum(Integer number) noexcept {
  constexpr Integer kExact = Integer{1} << 53;
  const bool is_exact = number <= kExact && (number >= 0 || number >= Integer{0} - kExact);
  if (is_exact) return number_sum(static_cast<double>(number));
  return tagged(Tag::BigNumber, static_cast<std::uint64_t>(number));
}

std::uint64_t value_sum(const dom::element& value);

std::uint64_t field_sum(std::string_view name, const dom::element& value) {
  return mix(text_sum(name) + std::rotl(value_sum(value), 21));
}

std::uint64_t value_sum(const dom::element& value) {
  switch (value.type()) {
    case dom::element_type::STRING:
      return tagged(Tag::String, text_sum(value.get_string().value_unsafe()));
    case dom::element_type::INT64:
      return integer_sum(value.get_int64().value_unsafe());
    case dom::element_type::UINT64:
      return integer_sum(value.get_uint64().value_unsafe());
    case dom::element_type::DOUBLE:
      return number_sum(value.get_double().value_unsafe());
    case dom::element_type::BOOL:
      return tagged(value.get_bool().value_unsafe() ? Tag::True : Tag::False, 0);
    case dom::element_type::ARRAY: {
      std::uint64_t sum = 0;
      const dom::array items = value.get_array().value_unsafe();
      for (const dom::element item : items) {
        sum = mix(sum + value_sum(item));
      }
      return tagged(Tag::Array, sum);
    }
    case dom::element_type::OBJECT: {
      std::uint64_t sum = 0;
      const dom::object object = value.get_object().value_unsafe();
      for (const auto& [name, item] : object) {
        sum += field_sum(name, item);
      }
      return tagged(Tag::Object, sum);
    }
    case dom::element_type::NULL_VALUE:
      break;
  }
  return tagged(Tag::Null, 0);
}

}  // namespace

std::uint64_t text_sum(std::string_view text) noexcept {
  // Four sums beside one another: a multiplication takes longer than to begin the next.
  constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15;
  const auto add = [](std::uint64_t sum, std::uint64_t word) {
    return std::rotl((sum ^ word) * kFactor, 29);
  };
  std::uint64_t sums[4] = {mix(text.size()), 1, 2, 3};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (; end - at >= 32; at += 32) {
    std::uint64_t words[4];
    std::memcpy(words, at, sizeof words);
    for (int i = 0; i < 4; ++i) sums[i] = add(sums[i], words[i]);
  }
  for (; end - at >= 8; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    sums[0] = add(sums[0], word);
  }
  std::uint64_t rest = 0;
  if (at != end) std::memcpy(&rest, at, static_cast<std::size_t>(end - at));
  const std::uint64_t sum = add(add(sums[0], sums[1]), add(sums[2], sums[3]));
  return mix(sum ^ rest);
}

struct JsonContent::Parser {
  dom::parser parser;
};

JsonContent::JsonContent() : parser_(std::make_unique<Parser>()) {}
JsonContent::~JsonContent() = default;

bool JsonContent::parse(std::string_view line) {
  fields_.clear();
  dom::object object;
  // Copies the line into the parser's own padded memory.
  if (parser_->parser.parse(line.data(), line.size()).get_object().get(object) !=
      simdjson::SUCCESS) {
    return false;
  }
  for (const auto& [name, value] : object) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) text = {};
    fields_.push_back({.name = name, .sum = field_sum(name, value), .text = text});
  }
  return true;
}

std::optional<ContentSum> json_sum(std::string_view line) {
  JsonContent content;
  if (!content.parse(line)) return std::nullopt;
  ContentSum sum;
  for (const JsonContent::Field& field : content.fields()) {
    if (field.name == kStampKey) continue;
    sum.sum += field.sum;
    ++sum.fields;
  }
  return sum;
}

}  // namespace weir::bench
