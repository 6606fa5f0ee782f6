#pragma once

// LineSplitter: makes lines of a lane's bytes, however they were cut. Ends in '\n' or "\r\n", which
// are no part of the line.
//
// Memory: a line of which the end is still to come, as long as it is, up to a limit. Of a longer
// one, that much is given once its end is known, and the rest is skipped.
//
// Threads: one.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace weir::bench {

class LineSplitter {
 public:
  /// Four of the largest events that can be made, escaped; and what a router sends in one array.
  static constexpr std::size_t kLineBytesMax = 64 << 20;

  /// Called for each line; `whole`: it was not too long. The view is valid during the call.
  using OnLine = std::function<void(std::string_view line, bool whole)>;
  explicit LineSplitter(OnLine on_line, std::size_t line_bytes_max = kLineBytesMax)
      : on_line_(std::move(on_line)), line_bytes_max_(line_bytes_max) {}

  void take(std::string_view bytes);

  /// Nothing more comes: what is left is a line.
  void end();

 private:
  void keep(std::string_view part);
  void give(std::string_view line, bool whole) const;

  OnLine on_line_;
  std::size_t line_bytes_max_;
  std::string begun_;         // A line without its end...
  bool is_too_long_ = false;  // ...that has lost some.
};

}  // namespace weir::bench
