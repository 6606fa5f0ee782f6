#pragma once

// CountedFramer: each record is preceded by its length. Two forms:
//
//   octet   "LEN SP bytes", RFC 6587 section 3.4.1: decimal, no leading zero, at most 10 digits.
//           One final newline of the record is cut, as many syslog senders count it in.
//   len32   four bytes, most significant first, then the record, byte-exact.
//
// A length that is none (octet) is counted as a framing error, and the stream is taken up again
// behind the next newline. `auto` decides for each record: it is counted if it begins with
// "LEN SP" and then '<' or '{', as syslog and JSON do, otherwise it ends at the next newline. So a
// text line that happens to begin with a number is safe.

#include "router/ingest/delimiter_framer.hpp"
#include "router/ingest/framer.hpp"
#include "router/ingest/size_limit.hpp"

namespace weir {

class CountedFramer final : public Framer {
 public:
  enum class Form : std::uint8_t { Octet, Auto, Len32 };
  CountedFramer(Form form, SizeLimit limit) noexcept
      : form_(form), limit_(limit), lines_('\n', limit) {}

  std::size_t find(std::span<const char> bytes, FramerState& state, std::vector<Frame>& frames,
                   ReasonCounts& lost) const noexcept override;
  void finish(std::span<const char> rest, FramerState& state, std::vector<Frame>& frames,
              ReasonCounts& lost) const noexcept override;
  void cut(std::span<const char> rest, FramerState& state, std::vector<Frame>& frames,
           ReasonCounts& lost) const noexcept override;
  bool is_inside_frame(std::span<const char> fresh, std::size_t rest_size,
                       FramerState& state) const noexcept override;

 private:
  struct Header {
    enum class Kind : std::uint8_t { Counted, Unfinished, Line, Broken } kind;
    std::size_t size = 0;      // Of the header itself.
    std::uint64_t length = 0;  // Of the record behind it.
  };
  Header read_header(std::span<const char> bytes) const noexcept;
  Header read_octet_count(std::span<const char> bytes) const noexcept;
  /// How many of `bytes` are done with; 0 = the record at their start is unfinished.
  std::size_t find_one(std::span<const char> bytes, FramerState& state, std::vector<Frame>& frames,
                       ReasonCounts& lost) const;
  std::size_t find_counted(std::span<const char> bytes, const Header& header, FramerState& state,
                           std::vector<Frame>& frames, ReasonCounts& lost) const;
  std::size_t find_line(std::span<const char> bytes, FramerState& state, std::vector<Frame>& frames,
                        ReasonCounts& lost) const;
  void emit(std::span<const char> record, std::vector<Frame>& frames, ReasonCounts& lost) const;

  Form form_;
  SizeLimit limit_;
  DelimiterFramer lines_;
};

}  // namespace weir
