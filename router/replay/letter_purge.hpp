#pragma once

// purge_letters: takes letters out of a file to which a running weir may be appending.
//
//   1. The file gets another name (NAME@purging). The writer notices within a second or two (see
//      plugins/file) and goes on in a new file of the old name; until then it appends to this one.
//   2. It is waited until nobody has it open to write: the kernel tells by granting a lease
//      (fcntl(2), F_SETLEASE), which goes to the file's owner only.
//   3. What stays is written to a third file, synced, and gets the old name; where the writer has
//      made a new file meanwhile, it is appended to that.
//   4. NAME@purging is removed.
//
// Broken off at any point, nothing is gone: what has the name NAME@purging is found by the next
// command. At worst letters are there twice.
//
// Threads: plain functions; blocks for some seconds.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "router/base/io.hpp"
#include "router/replay/letter_files.hpp"

namespace weir {

struct PurgeResult {
  std::uint64_t removed = 0;
  std::uint64_t kept = 0;  ///< Lines, whatever they are.
  std::string trouble;     ///< Why the file was left as it was, in a sentence; "": it was not.
};

/// How long a writer has to let a renamed file go.
inline constexpr std::chrono::milliseconds kWriterPatience{10'000};

/// Removes the whole lines for which `goes` holds. Any other bytes stay.
PurgeResult purge_letters(const LetterPath& file, const std::function<bool(std::string_view)>& goes,
                          std::chrono::milliseconds patience = kWriterPatience);

/// The same with a test's Io.
PurgeResult purge_letters(const LetterPath& file, const std::function<bool(std::string_view)>& goes,
                          std::chrono::milliseconds patience, Io& io);

}  // namespace weir
