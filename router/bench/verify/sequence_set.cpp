#include "router/bench/verify/sequence_set.hpp"

#include <algorithm>
#include <bit>
#include <tuple>

namespace weir::bench {

bool SequenceSet::insert(std::uint64_t sequence) {
  const auto page_at = static_cast<std::size_t>(sequence >> kPageBits);
  if (page_at >= pages_.size()) pages_.resize(page_at + 1);
  std::unique_ptr<Page>& page = pages_[page_at];
  if (!page) page = std::make_unique<Page>();
  std::uint64_t& word = (*page)[(sequence / 64) % std::tuple_size_v<Page>];
  const std::uint64_t bit = std::uint64_t{1} << (sequence % 64);
  if ((word & bit) != 0) return false;
  word |= bit;
  ++size_;
  end_ = std::max(end_, sequence + 1);
  return true;
}

std::uint64_t SequenceSet::word(std::uint64_t index) const noexcept {
  const auto page_at = static_cast<std::size_t>(index / std::tuple_size_v<Page>);
  if (page_at >= pages_.size() || !pages_[page_at]) return 0;
  return (*pages_[page_at])[index % std::tuple_size_v<Page>];
}

std::uint64_t SequenceSet::count_from(std::uint64_t from) const noexcept {
  std::uint64_t count = 0;
  for (std::uint64_t at = from / 64; at * 64 < end_; ++at) {
    const unsigned skipped = at == from / 64 ? static_cast<unsigned>(from % 64) : 0;
    count += static_cast<std::uint64_t>(std::popcount(word(at) >> skipped));
  }
  return count;
}

Missing missing_below(std::uint64_t issued, const SequenceSet& one, const SequenceSet& other,
                      std::size_t ranges_max) {
  Missing missing;
  std::uint64_t next = 0;  // Behind the last one that was missing.
  const auto add = [&](std::uint64_t first, std::uint64_t last) {
    missing.count += last - first + 1;
    if (first == next && !missing.ranges.empty()) {
      if (missing.ranges.back().last + 1 == first) missing.ranges.back().last = last;
    } else if (missing.ranges.size() < ranges_max) {
      missing.ranges.push_back({.first = first, .last = last});
    }
    next = last + 1;
  };
  // Behind the ends of both is nothing: one range, however long.
  const std::uint64_t known_end = std::min(issued, std::max(one.end(), other.end()));
  for (std::uint64_t at = 0; at * 64 < known_end; ++at) {
    std::uint64_t gaps = ~(one.word(at) | other.word(at));
    if (known_end - at * 64 < 64) gaps &= (std::uint64_t{1} << (known_end % 64)) - 1;
    for (; gaps != 0; gaps &= gaps - 1) {
      const std::uint64_t sequence = at * 64 + static_cast<unsigned>(std::countr_zero(gaps));
      add(sequence, sequence);
    }
  }
  if (known_end < issued) add(known_end, issued - 1);
  return missing;
}

}  // namespace weir::bench
