#pragma once

// Where JSON values end (RFC 8259): brackets and strings are followed, nothing else is looked at.
// So an array is divided into its elements byte by byte as they were sent, and what is broken
// within one of them stays its own trouble. No value is deeper than limits::kJsonDepthMax.
//
// Threads: any.

#include <cstddef>
#include <span>
#include <string_view>

namespace weir {

/// What is wrong with a text, and where; `what` is "" where nothing is.
struct JsonFault {
  std::size_t position = 0;  ///< Bytes from its begin.
  std::string_view what;

  explicit operator bool() const noexcept { return !what.empty(); }
};

/// The first place from `at` on that is no white space of JSON; the text's size where all is.
std::size_t skip_json_space(std::string_view text, std::size_t at) noexcept;

/// The end of the value that begins at `at`. Requires: something begins there.
std::size_t skip_json_value(std::string_view text, std::size_t at, JsonFault& fault) noexcept;

/// Goes through the elements of an array.
class JsonArray {
 public:
  /// Requires: `text` is there as long as this; it begins with '[', or white space before one.
  explicit JsonArray(std::string_view text) noexcept;

  /// The next element, without the white space around it; "" behind the last one, or where
  /// fault() says why it is no array.
  std::string_view next() noexcept;

  const JsonFault& fault() const noexcept { return fault_; }

 private:
  void step_to_element(std::size_t from) noexcept;

  std::string_view text_;
  std::size_t at_ = 0;  // Where the next element begins; 0: there is none.
  JsonFault fault_;
};

/// What is wrong with the array `text`, looked at from begin to end.
JsonFault check_json_array(std::string_view text) noexcept;

}  // namespace weir
