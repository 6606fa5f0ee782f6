#pragma once

// SeriesTable: from the label values of an event (a LabelKey's bytes) to the number of its series,
// 0, 1, 2, … in the order in which they were first seen. Open addressing, at most half full, so
// that a look-up, a miss included, touches one or two slots. Nothing is ever removed; who inserts
// sees to the bound. Keys are kept whole and compared, so two series are never taken for one.
//
// One thread at a time; find() allocates nothing.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::metrics {

class SeriesTable {
 public:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  /// `seed`: see hash().
  explicit SeriesTable(std::uint64_t seed);

  /// The series with `key`, or kNone.
  std::size_t find(std::string_view key) const noexcept;

  /// A new series. Requires: find(key) == kNone.
  std::size_t insert(std::string_view key);

  std::size_t size() const noexcept { return ends_.size(); }
  std::string_view key(std::size_t series) const noexcept;

  /// All keys, one behind the other, and where each ends: for a copy that is quick to take.
  const std::string& keys() const noexcept { return keys_; }
  const std::vector<std::size_t>& key_ends() const noexcept { return ends_; }

 private:
  struct Slot {
    std::uint32_t fingerprint = 0;      // Upper half of the hash: saves most comparisons.
    std::uint32_t series_plus_one = 0;  // 0: the slot is free.
  };
  void place(std::uint64_t hash_of_key, std::size_t series) noexcept;
  void grow();

  std::uint64_t seed_;
  std::vector<Slot> slots_;  // A power of two.
  std::string keys_;
  std::vector<std::size_t> ends_;
};

}  // namespace weir::metrics
