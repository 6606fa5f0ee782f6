#pragma once

// ValueMap: from constants (strings, numbers, booleans, null) to numbers, found by value: the Int 5
// and the Double 5.0 are one key, "5" is another. What `in [..]` and the routes' equality index
// look their fields up in.
//
// Filled at load, then never changed; any thread may look up. A look-up allocates nothing.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "router/base/value.hpp"

namespace weir::route {

class ValueMap {
 public:
  ValueMap() = default;
  ValueMap(ValueMap&&) noexcept = default;
  ValueMap& operator=(ValueMap&&) noexcept = default;

  /// What `key` was given before, or `value`, which it has from now on.
  /// Requires: neither Missing nor Json nor a NaN.
  std::uint32_t add(const Value& key, std::uint32_t value);

  /// Null where there is no such key.
  const std::uint32_t* find(const Value& key) const noexcept;

  std::size_t size() const noexcept { return strings_.size() + scalars_.size(); }

 private:
  /// A number in the one form that all equal numbers share; or a boolean, or null.
  struct Scalar {
    ValueType type;
    std::uint64_t bits;
    friend bool operator==(const Scalar&, const Scalar&) = default;
  };
  struct StringHash {
    std::size_t operator()(std::string_view text) const noexcept;
  };
  struct ScalarHash {
    std::size_t operator()(const Scalar& scalar) const noexcept;
  };
  static std::optional<Scalar> scalar_of(const Value& value) noexcept;

  std::deque<std::string> texts_;  // The bytes of strings_' keys.
  boost::unordered_flat_map<std::string_view, std::uint32_t, StringHash> strings_;
  boost::unordered_flat_map<Scalar, std::uint32_t, ScalarHash> scalars_;
  std::size_t string_bytes_max_ = 0;  // Longer ones need no hashing.
};

}  // namespace weir::route
