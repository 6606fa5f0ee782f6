#pragma once

// DelimiterFramer: records end in one byte: newline (a carriage return before it is part of the
// delimiter, not of the event) or NUL (as GELF over TCP has it). An empty record is no event.

#include "router/ingest/framer.hpp"
#include "router/ingest/size_limit.hpp"

namespace weir {

class DelimiterFramer final : public Framer {
 public:
  DelimiterFramer(char delimiter, SizeLimit limit) noexcept
      : delimiter_(delimiter), limit_(limit) {}

  std::size_t find(std::span<const char> bytes, FramerState& state, std::vector<Frame>& frames,
                   ReasonCounts& lost) const noexcept override;
  void finish(std::span<const char> rest, FramerState& state, std::vector<Frame>& frames,
              ReasonCounts& lost) const noexcept override;
  void cut(std::span<const char> rest, FramerState& state, std::vector<Frame>& frames,
           ReasonCounts& lost) const noexcept override;
  bool is_inside_frame(std::span<const char> fresh, std::size_t rest_size,
                       FramerState& state) const noexcept override;

 private:
  void emit_line(const char* begin, const char* end, bool delimited, std::vector<Frame>& frames,
                 ReasonCounts& lost) const;

  char delimiter_;
  SizeLimit limit_;
};

}  // namespace weir
