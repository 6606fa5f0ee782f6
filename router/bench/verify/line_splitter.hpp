#pragma once

// LineSplitter: makes lines of a lane's bytes, however they were cut. Ends in '\n' or "\r\n", which
// are no part of the line.
//
// Memory: a line of which the end is still to come, up to kLineBytesMax. Of a longer one, that much
// is given once its end is known, and the rest is skipped.
//
// Threads: one.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace weir::bench {

class LineSplitter {
 public:
  static constexpr std::size_t kLineBytesMax = 1 << 20;

  /// Called for each line; `whole`: it was not too long. The view is valid during the call.
  using OnLine = std::function<void(std::string_view line, bool whole)>;
  explicit LineSplitter(OnLine on_line) : on_line_(std::move(on_line)) {}

  void take(std::string_view bytes);

  /// Nothing more comes: what is left is a line.
  void end();

 private:
  void keep(std::string_view part);
  void give(std::string_view line, bool whole) const;

  OnLine on_line_;
  std::string begun_;         // A line without its end...
  bool is_too_long_ = false;  // ...that has lost some.
};

/// Without a newline at its end.
std::string_view without_newline(std::string_view line) noexcept;

}  // namespace weir::bench
