#pragma once

// SequenceSet: which of the sequences 0, 1, 2, … of a stream have been seen: one bit each, in pages
// that are made when a sequence of theirs comes.
//
// Memory: 512 bytes for 4096 sequences, and 8 for each page up to the highest. Requires: sequences
// below kSequencesMax; whoever takes them from outside looks first.
//
// Threads: one.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "router/bench/verify/verdict.hpp"

namespace weir::bench {

class SequenceSet {
 public:
  /// What a bench does not send in a month on one connection; garbage that claims more must not
  /// become memory.
  static constexpr std::uint64_t kSequencesMax = std::uint64_t{1} << 32;

  /// True where it was not in it.
  bool insert(std::uint64_t sequence);
  bool contains(std::uint64_t sequence) const noexcept {
    return (word(sequence / 64) >> (sequence % 64) & 1) != 0;
  }
  /// The bits of the sequences from 64 * `index`.
  std::uint64_t word(std::uint64_t index) const noexcept;

  /// One more than the highest in it.
  std::uint64_t end() const noexcept { return end_; }
  std::uint64_t size() const noexcept { return size_; }

  /// How many are in it that are not below `from`.
  std::uint64_t count_from(std::uint64_t from) const noexcept;

 private:
  static constexpr std::size_t kPageBits = 12;
  using Page = std::array<std::uint64_t, (std::size_t{1} << kPageBits) / 64>;

  std::vector<std::unique_ptr<Page>> pages_;
  std::uint64_t end_ = 0;
  std::uint64_t size_ = 0;
};

/// The sequences below `issued` that are in neither set. `ranges`: the first few of them, at most
/// `ranges_max`.
struct Missing {
  std::uint64_t count = 0;
  std::vector<SequenceRange> ranges;
};
Missing missing_below(std::uint64_t issued, const SequenceSet& one, const SequenceSet& other,
                      std::size_t ranges_max);

}  // namespace weir::bench
