#pragma once

// BodySplitter: finds the events in the body of a request, which lies in memory as a whole.
//
//   lines    separated by newlines, as DelimiterFramer does it
//   array    a JSON array; each element is an event, byte for byte, without white space around it
//   value    one JSON object
//
// Nothing is taken of a body that form_of() has a fault of.
//
// Threads: one at a time. The frames look into the body, which is there until the last next().

#include <cstdint>
#include <string_view>
#include <vector>

#include "router/base/reason.hpp"
#include "router/ingest/json_scanner.hpp"
#include "router/ingest/size_limit.hpp"

namespace weir {

enum class BodyForm : std::uint8_t { Lines, Array, Value };

/// How `body` is to be divided, by its Content-Type and, for JSON, by what it is: many send lines
/// as application/json. They are told by their first line, which is an object of its own.
BodyForm form_of(std::string_view content_type, std::string_view body, JsonFault& fault);

class BodySplitter {
 public:
  /// An event that is not taken.
  struct Refused {
    std::uint64_t index;  ///< Of the event in the body, from 0.
    std::string_view why;
  };
  /// So many are told one by one; more are only counted.
  static constexpr std::size_t kRefusedMax = 100;

  BodySplitter(BodyForm form, std::string_view body, const SizeLimit& limit);

  /// Appends the next events, until they have `bytes_max` bytes or are `frames_max`. False where
  /// none is left. What is refused is added to `lost`.
  bool next(std::size_t bytes_max, std::size_t frames_max, std::vector<Frame>& frames,
            ReasonCounts& lost);

  const std::vector<Refused>& refused() const noexcept { return refused_; }
  std::uint64_t refused_count() const noexcept { return refused_count_; }

 private:
  std::string_view next_line();
  std::string_view next_event();
  void refuse(std::string_view why);

  const BodyForm form_;
  std::string_view rest_;  // Of lines, or the one value.
  JsonArray array_;
  const SizeLimit limit_;
  std::uint64_t index_ = 0;
  std::vector<Refused> refused_;
  std::uint64_t refused_count_ = 0;
};

}  // namespace weir
