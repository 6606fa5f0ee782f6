#pragma once

// Value: what one field of an event holds. JSON's types are kept apart: the number 1, the string
// "1", true and null are four different values, and a field that is not there is Missing.
//
// A Value is a view of 16 bytes. String and Json look into memory that others own: the event's
// Block, a compiled condition's literals, or, where `transient()`, a scratch area that the next
// event overwrites (strings that had to be unescaped). Batch::add copies transient ones.

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

enum class ValueType : std::uint8_t {
  Missing,  ///< The event has no such field.
  Null,
  Bool,
  Int,     ///< A JSON integer that fits into 64 bits with sign.
  Uint,    ///< A JSON integer above that, up to 2^64 - 1.
  Double,  ///< Any other JSON number.
  String,  ///< Unescaped bytes; UTF-8 where the event was valid.
  Json,    ///< An object or array, as JSON text.
};

class Value {
 public:
  constexpr Value() noexcept = default;
  static constexpr Value null() noexcept { return Value(ValueType::Null); }
  static constexpr Value of(bool v) noexcept {
    Value value(ValueType::Bool);
    value.bits_.boolean = v;
    return value;
  }
  static constexpr Value of(std::int64_t v) noexcept {
    Value value(ValueType::Int);
    value.bits_.integer = v;
    return value;
  }
  static constexpr Value of(std::uint64_t v) noexcept {
    Value value(ValueType::Uint);
    value.bits_.unsigned_integer = v;
    return value;
  }
  static constexpr Value of(double v) noexcept {
    Value value(ValueType::Double);
    value.bits_.floating = v;
    return value;
  }
  static constexpr Value string(std::string_view text, bool transient = false) noexcept {
    return Value(ValueType::String, text, transient);
  }
  static constexpr Value json(std::string_view text, bool transient = false) noexcept {
    return Value(ValueType::Json, text, transient);
  }

  constexpr ValueType type() const noexcept { return type_; }
  constexpr bool missing() const noexcept { return type_ == ValueType::Missing; }
  constexpr bool is_number() const noexcept {
    return type_ == ValueType::Int || type_ == ValueType::Uint || type_ == ValueType::Double;
  }
  constexpr bool transient() const noexcept { return transient_; }

  // Requires: the matching type().
  constexpr bool boolean() const noexcept { return bits_.boolean; }
  constexpr std::int64_t integer() const noexcept { return bits_.integer; }
  constexpr std::uint64_t unsigned_integer() const noexcept { return bits_.unsigned_integer; }
  constexpr double floating() const noexcept { return bits_.floating; }
  /// String or Json.
  constexpr std::string_view text() const noexcept { return {bits_.data, size_}; }

  /// Any number as a double. Requires: is_number().
  double as_double() const noexcept;

  /// The value as people write it: strings bare, numbers shortest, Missing as "".
  /// Appends to `out`. Used for paths, labels and tables; never for event bytes.
  void append_to(std::string& out) const;

 private:
  constexpr explicit Value(ValueType type) noexcept : type_(type) {}
  constexpr Value(ValueType type, std::string_view text, bool transient) noexcept
      : size_(static_cast<std::uint32_t>(text.size())), type_(type), transient_(transient) {
    bits_.data = text.data();
  }

  union Bits {
    bool boolean;
    std::int64_t integer;
    std::uint64_t unsigned_integer;
    double floating;
    const char* data;
  };
  Bits bits_{.integer = 0};
  std::uint32_t size_ = 0;
  ValueType type_ = ValueType::Missing;
  bool transient_ = false;
};
static_assert(sizeof(Value) == 16, "a row of fields is walked per event: keep it in few lines");

}  // namespace weir
