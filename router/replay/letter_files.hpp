#pragma once

// letter_files: which files hold dead letters: those that the command names, or those of the
// `file://` sinks that a configuration names with `dead_letter`: the files that are written to, the
// rotated ones, and what a purge that was broken off has left.
//
// Threads: plain functions.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace weir {

struct LetterPath {
  std::string path;
  std::string home;  ///< Where what a purge keeps goes: `path`, but of what a purge has left.
  std::uint64_t bytes = 0;  ///< When it was found: what comes later is for the next command.
};

/// What a purge calls a file while it works on it. '@' never comes out of an event.
inline constexpr std::string_view kPurgingSuffix = "@purging";

/// In the order in which they were written. Throws ConfigError where no sink of `config` is one for
/// dead letters, or not one of files.
std::vector<LetterPath> configured_letter_files(const Config& config);

/// The files themselves. Throws ConfigError where one is not there, or no file, and CommandError
/// where that cannot be known.
std::vector<LetterPath> named_letter_files(const std::vector<std::string>& paths);

/// A template of a path (see Template) as a pattern for fnmatch(3).
std::string glob_of(std::string_view path_template);

}  // namespace weir
