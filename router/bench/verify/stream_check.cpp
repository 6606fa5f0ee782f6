#include "router/bench/verify/stream_check.hpp"

#include <algorithm>

namespace weir::bench {
namespace {

// How far a claim may be ahead of all others: more than a router holds of one stream, and 128 KiB
// of bits.
constexpr std::uint64_t kClaimAhead = std::uint64_t{1} << 20;

constexpr std::size_t kLostRangesMax = 8;

}  // namespace

StreamCheck::Arrival StreamCheck::intact(std::uint64_t sequence, std::size_t lane) {
  if (sequence >= SequenceSet::kSequencesMax) {
    ++counts_.corrupted;
    return {.taken = false};
  }
  if (lane >= ends_.size()) ends_.resize(lane + 1);
  Arrival arrival{.first = seen_.insert(sequence)};
  if (arrival.first) {
    arrival.reordered = sequence < ends_[lane];
    arrival.is_new = !claimed_.contains(sequence);
  }
  ends_[lane] = std::max(ends_[lane], sequence + 1);
  if (!arrival.first) ++counts_.duplicated;
  if (arrival.reordered) ++counts_.reordered;
  return arrival;
}

bool StreamCheck::claimed(std::uint64_t sequence) {
  const std::uint64_t end = std::max(seen_.end(), claimed_.end());
  if (sequence >= std::min(end + kClaimAhead, SequenceSet::kSequencesMax)) {
    ++unbelieved_;
    return false;
  }
  return claimed_.insert(sequence) && !seen_.contains(sequence);
}

StreamVerdict StreamCheck::verdict(std::uint32_t stream,
                                   std::optional<std::uint64_t> issued) const {
  StreamVerdict verdict{.stream = stream, .counts = counts_};
  verdict.counts.issued = issued.value_or(seen_.end());
  const std::uint64_t never_sent = seen_.count_from(verdict.counts.issued);
  verdict.counts.delivered = seen_.size() - never_sent;
  verdict.counts.corrupted += never_sent;
  Missing missing = missing_below(verdict.counts.issued, seen_, claimed_, kLostRangesMax);
  verdict.counts.lost = missing.count;
  verdict.lost = std::move(missing.ranges);
  verdict.unnamed = unbelieved_ + (issued ? claimed_.count_from(*issued) : 0);
  return verdict;
}

}  // namespace weir::bench
