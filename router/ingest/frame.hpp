#pragma once

// Frame: where one record lies in a Block, as a framer found it.

#include <cstdint>

namespace weir {

struct Frame {
  const char* data;
  std::uint32_t size;
  bool truncated = false;        ///< Cut at max_event_bytes.
  bool newline_follows = false;  ///< data[size] is '\n', in the same Block.
};

}  // namespace weir
