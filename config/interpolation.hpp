#pragma once

// Interpolator: puts values in the place of `${NAME}`, `${NAME:-default}`, `${NAME:?message}` and
// `${file:/path}`; `$${` stands for a literal `${`. It works on single pieces of text, after YAML
// was parsed and URLs were split, so that a value is never more than a value; and in a condition it
// stays inside the quotes that it was put into. Values are not looked into again.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "config/placed_text.hpp"
#include "config/reference.hpp"

namespace weir {

class Interpolator {
 public:
  explicit Interpolator(const std::map<std::string, std::string>& environment)
      : environment_(environment) {}

  /// Throws ConfigError where a variable is missing or a file cannot be read.
  PlacedText text(const PlacedText& written) { return plain(written, 0); }

  /// For conditions and computed values. Inside a string literal a value is escaped; elsewhere only
  /// a number or a name may be put in, unless the whole condition is one reference.
  PlacedText expression(const PlacedText& written);

 private:
  struct Value {
    PlacedText text;  // A default keeps its own places.
    bool is_default = false;
  };
  PlacedText plain(const PlacedText& written, std::size_t depth);
  Value resolve(const PlacedText& written, const Reference& reference, std::size_t depth);
  PlacedText file(const PlacedText& written, const Reference& reference);
  void charge(const PlacedText& value);

  const std::map<std::string, std::string>& environment_;
  std::size_t bytes_used_ = 0;
};

/// `value` as it would have to be written so that interpolation gives it back: what one reference
/// brought in is split further without a second look for references.
PlacedText as_literal(const PlacedText& value);

}  // namespace weir
