#pragma once

// ExpressionError: what is wrong with a condition or computed value, and where in its text. It
// knows no file and no line: whoever compiled the text adds them and throws a ConfigError.

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace weir {

class ExpressionError : public std::runtime_error {
 public:
  /// `message`: one sentence without a full stop. `hint`: what to write instead, may be empty.
  ExpressionError(std::size_t offset, const std::string& message, std::string hint = "")
      : std::runtime_error(message), offset_(offset), hint_(std::move(hint)) {}

  std::size_t offset() const noexcept { return offset_; }  ///< In bytes, into the text.
  std::string message() const { return what(); }
  const std::string& hint() const noexcept { return hint_; }

 private:
  std::size_t offset_;
  std::string hint_;
};

}  // namespace weir
