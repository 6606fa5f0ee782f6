#pragma once

// ExpressionScanner: tells what of a condition is inside a string literal ("…", '…', triple quotes,
// raw r"…"). For those who split text around conditions; route/ compiles them.

#include <cstddef>
#include <string_view>

namespace weir {

class ExpressionScanner {
 public:
  /// Takes in what stands at `at` and returns where to go on: one byte further, or two behind a
  /// backslash, or three behind a triple quote.
  std::size_t advance(std::string_view text, std::size_t at) noexcept;

  bool inside_literal() const noexcept { return quote_count_ != 0; }
  bool raw() const noexcept { return raw_; }
  char quote() const noexcept { return quote_; }

 private:
  char quote_ = '\0';
  std::size_t quote_count_ = 0;  // 1 or 3 inside of a literal.
  bool raw_ = false;
};

}  // namespace weir
