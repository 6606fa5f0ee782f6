#pragma once

// verify_files: what is in files that a router has written, and what is missing.
//
// Threads: any.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "router/bench/verify/verdict.hpp"

namespace weir::bench {

/// `files`: each is a lane of its own, so order is judged within each: a router may divide events
/// among files as it likes, and what was rotated may be given in any order. "-" is standard input.
/// `events`: how many were sent in all, by one stream; else the highest sequences tell. Throws
/// ConfigError where a file cannot be read.
Verdict verify_files(const std::vector<std::string>& files, std::optional<std::uint64_t> events);

struct StreamsVerdict {
  Verdict verdict;
  std::uint64_t more_than_events = 0;  ///< Whole and of this run, but beyond what was sent.
};

/// The same of `events` that were sent over so many connections, divided as a generator does it.
StreamsVerdict verify_files(const std::vector<std::string>& files,
                            std::optional<std::uint64_t> events, std::uint32_t connections);

}  // namespace weir::bench
