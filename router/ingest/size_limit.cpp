#include "router/ingest/size_limit.hpp"

#include <algorithm>

namespace weir {

bool SizeLimit::emit_head(std::span<const char> head, std::vector<Frame>& frames,
                          ReasonCounts& lost) const {
  const auto size = static_cast<std::uint32_t>(std::min(head.size(), max_));
  switch (oversize_) {
    case Oversize::Truncate:
      if (size != 0) frames.push_back({head.data(), size, true, false});
      return true;
    case Oversize::Drop:
      ++lost[Reason::Oversize];
      return true;
    case Oversize::Split:
      if (size != 0) frames.push_back({head.data(), size, false, false});
      return false;
  }
  return true;
}

void SizeLimit::emit_oversize(std::span<const char> record, bool newline_follows,
                              std::vector<Frame>& frames, ReasonCounts& lost) const {
  while (record.size() > max_) {
    if (emit_head(record.first(max_), frames, lost)) return;
    record = record.subspan(max_);
  }
  emit(record, newline_follows, frames, lost);
}

}  // namespace weir
