#pragma once

// What `weir dead-letter` prints: letters as rows, pages and JSON, and how many there are.
//
// Threads: plain functions.

#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>
#include <utility>

#include "router/replay/letter_scan.hpp"

namespace weir {

std::string letter_headings();
/// One line; nothing of the letter can drive a terminal.
std::string letter_row(const LetterLine& line);
/// {"id":…,"file":…,"line":…,"letter":…}, the letter as it stands in the file.
std::string letter_json(const LetterLine& line);
/// Everything, for people.
std::string letter_page(const LetterLine& line);

/// Letters by sink and reason.
class LetterSummary {
 public:
  void add(const Letter& letter);
  std::string to_text() const;
  std::string to_json(const LetterFaults& faults) const;

 private:
  struct Count {
    std::uint64_t letters = 0;
    std::uint64_t bytes = 0;
  };
  std::map<std::pair<std::string, std::string>, Count> counts_;
};

/// Says what was no letter, and where. True where a file could not be read.
bool tell_faults(const LetterFaults& faults, std::ostream& errors);

}  // namespace weir
