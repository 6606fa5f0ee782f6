#pragma once

// LabelKey: the label values of one event, one behind the other in one piece of memory: what a
// series is found by, and what it keeps. Values come from events, so they are made safe here:
// valid UTF-8 without NUL (what is not becomes U+FFFD), at most kLabelBytesMax bytes, cut between
// characters. Two values that are the same after that are the same label.
//
// Each value is a length byte and its bytes. Reused from event to event; allocates nothing. One
// thread at a time.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "router/base/value.hpp"

namespace weir::metrics {

/// Labels of one metric: above that, a table is not what anyone looks for.
inline constexpr std::size_t kLabelsMax = 16;

/// Bytes of one value. Together with `series_max` it bounds the memory of a sink.
inline constexpr std::size_t kLabelBytesMax = 128;
static_assert(kLabelBytesMax < 256, "its length is one byte of the key");

/// The value of all labels of the series that counts what came after `series_max` was reached.
inline constexpr std::string_view kOther = "_other";

class LabelKey {
 public:
  void clear() noexcept { size_ = 0; }

  /// Appends one value as people write it; Missing is "".
  /// Requires: fewer than kLabelsMax since clear().
  void add(const Value& value) noexcept;

  std::string_view bytes() const noexcept { return {bytes_.data(), size_}; }

 private:
  void add_text(std::string_view text) noexcept;
  void add_cleaned(std::string_view text) noexcept;
  void add_plain(std::string_view text) noexcept;

  std::array<char, kLabelsMax*(1 + kLabelBytesMax)> bytes_;  // Up to size_ only.
  std::size_t size_ = 0;
};

/// The values that `key` was made of.
std::vector<std::string> label_values(std::string_view key);

/// Differs from process to process with `seed`, so that nobody can send values that collide.
std::uint64_t hash(std::string_view key, std::uint64_t seed) noexcept;

}  // namespace weir::metrics
