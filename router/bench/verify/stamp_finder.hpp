#pragma once

// Where stamps are in a line, and what of the line around them is JSON.
//
// Threads: pure functions.

#include <cstddef>
#include <string_view>
#include <vector>

#include "router/bench/stamp.hpp"

namespace weir::bench {

inline constexpr std::size_t kNowhere = std::string_view::npos;

/// Where a stamp begins in `text`, from `from` on; kNowhere where none does. It may be cut by the
/// end of the text, and damaged behind its first kStampHeadBytes; that it is more than a word that
/// begins as stamps do is looked at.
std::size_t find_stamp(std::string_view text, std::size_t from) noexcept;

/// kStampMagic, a kind and a '-': a stamp of which less is left cannot be told.
inline constexpr std::size_t kStampHeadBytes = kStampMagic.size() + 2;

/// With a run and a '-', too: that is a stamp, whatever follows.
inline constexpr std::size_t kStampProofBytes = kStampHeadBytes + 5;

/// Whether there is a stamp of which some bytes were changed, the first ones perhaps, or the field
/// of one with as many other bytes in it. For a text in which find_stamp() finds none.
bool has_damaged_stamp(std::string_view text) noexcept;

/// Where a JSON object may begin, from `from` on: a brace that a name or its own end follows. An
/// escaped object within a string that was cut does not.
std::size_t find_start(std::string_view text, std::size_t from) noexcept;

/// A brace in a header or in the half of a line that was cut may pair with none; so many are passed
/// over in search of one that does.
inline constexpr int kStartsTriedMax = 16;

/// The innermost JSON object around a stamp.
struct Enclosure {
  std::size_t stamp = 0;         ///< Where it begins.
  std::size_t begin = kNowhere;  ///< The object's `{`; kNowhere: there is none around it.
  std::size_t end = kNowhere;    ///< Behind its `}`; kNowhere: it is cut.

  bool is_complete() const noexcept { return end != kNowhere; }
};

/// For each stamp of `text`, in their order. Only braces and strings are looked at, so what is
/// found may still be no JSON; and before, between and behind the objects anything may stand:
/// commas, brackets, syslog headers.
void find_enclosures(std::string_view text, std::vector<Enclosure>& enclosures);

}  // namespace weir::bench
