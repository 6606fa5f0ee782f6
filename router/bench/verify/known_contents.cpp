#include "router/bench/verify/known_contents.hpp"

#include "router/bench/content_sum.hpp"
#include "router/bench/mix.hpp"
#include "router/bench/stamp.hpp"

namespace weir::bench {

std::uint64_t KnownContents::hash(std::string_view line, std::size_t stamp_at) noexcept {
  const std::uint64_t before = text_sum(line.substr(0, stamp_at));
  const std::uint64_t hash = mix(before) + text_sum(line.substr(stamp_at + kStampBytes));
  return hash != 0 ? hash : 1;  // 0 is of an entry that is free.
}

}  // namespace weir::bench
