#pragma once

// TextTable: columns of text for people, and numbers as people read them. The first column stands
// to the left, the others, which are numbers, to the right. Cells are made printable.
//
// Plain values; any thread.

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> headings);

  /// Requires: as many cells as headings.
  void add(const std::vector<std::string>& cells);

  /// Every row ends in a newline, no row in a space.
  std::string to_string() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// 1234567 -> "1,234,567".
std::string grouped(std::uint64_t number);

/// 1536 -> "1.5 KiB"; whole bytes below 1 KiB.
std::string human_bytes(double bytes);

/// 0.00025 -> "0.25 ms"; 90 -> "90 s"; 600 -> "10 min"; 7200 -> "2 h"; "-" for nothing (0 or less).
std::string human_seconds(double seconds);

}  // namespace weir
