#pragma once

// KnownContents: the sums of contents that were worked out before. A generator sends the same
// events over and over with other stamps, and most routers pass an event on as they do every time;
// so what stands around a stamp is mostly known, and need not be parsed again.
//
// Known by a hash of 64 bits of every byte around the stamp: that a change is taken for what was
// there before is as unlikely as that its sum fits by chance. A new one takes the place of an old
// one; 1 MiB, taken with the first.
//
// Threads: one.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace weir::bench {

class KnownContents {
 public:
  /// Of a line, and where in it a stamp of kStampBytes stands.
  static std::uint64_t hash(std::string_view line, std::size_t stamp_at) noexcept;

  std::optional<std::uint64_t> find(std::uint64_t hash) const noexcept {
    if (entries_.empty()) return std::nullopt;
    const Entry& entry = entries_[hash % kEntries];
    if (entry.hash != hash) return std::nullopt;
    return entry.content_sum;
  }

  void add(std::uint64_t hash, std::uint64_t content_sum) {
    if (entries_.empty()) entries_.resize(kEntries);
    entries_[hash % kEntries] = {.hash = hash, .content_sum = content_sum};
  }

 private:
  static constexpr std::size_t kEntries = 65'536;
  struct Entry {
    std::uint64_t hash = 0;
    std::uint64_t content_sum = 0;
  };
  std::vector<Entry> entries_;
};

}  // namespace weir::bench
