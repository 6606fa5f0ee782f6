#pragma once

// LetterScan: the letters of some files, one line after the other, and those of them that are asked
// for. What is no letter is counted, and told apart from letters that were not asked for.
//
// Threads: one at a time.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "router/replay/letter.hpp"
#include "router/replay/letter_files.hpp"
#include "router/replay/letter_reader.hpp"
#include "router/replay/record_filter.hpp"

namespace weir {

/// Which letters are asked for: those for which all of it holds.
class LetterQuery {
 public:
  std::string where;  ///< A condition over the letter's JSON.
  std::string sink;
  std::string reason;
  std::string since;  ///< As read_time() takes it.

  bool asks_for_all() const noexcept {
    return where.empty() && sink.empty() && reason.empty() && since.empty();
  }
  /// To be called once, after the above was set. Throws ConfigError.
  void compile();
  /// Requires: compile() was called.
  bool holds(const Letter& letter, std::string_view line);

 private:
  std::int64_t since_ns_ = INT64_MIN;
  RecordFilter filter_{"", ""};  // All.
};

/// A line that is a letter.
struct LetterLine {
  std::string_view line;  ///< Until the next call.
  Letter letter;
  const LetterPath* file = nullptr;
  std::uint64_t line_number = 0;
};

/// What was no letter.
struct LetterFaults {
  /// The files that such lines are in, and the first of them. Of more only the counts are kept.
  static constexpr std::size_t kFilesMax = 100;
  struct File {
    std::string path;
    std::uint64_t first_line = 0;
    std::uint64_t lines = 0;
  };

  std::uint64_t no_letters = 0;  ///< Lines that are something else.
  std::uint64_t too_long = 0;
  std::uint64_t torn = 0;  ///< Last lines without a newline.
  std::vector<File> files;
  std::vector<std::string> unread_files;  ///< A sentence each.

  std::uint64_t lines() const noexcept { return no_letters + too_long + torn; }
};

class LetterScan {
 public:
  /// Both outlive it.
  LetterScan(const std::vector<LetterPath>& files, LetterQuery& query)
      : files_(files), query_(query) {}

  enum class Got : std::uint8_t { Letter, Other, End };

  /// Looks at one line.
  Got next(LetterLine& found);

  const LetterFaults& faults() const noexcept { return faults_; }

 private:
  bool open();
  void close(const std::string& why);
  Got fault(std::uint64_t& count);

  const std::vector<LetterPath>& files_;
  LetterQuery& query_;
  LetterParser parser_;
  std::size_t next_file_ = 0;
  std::unique_ptr<LetterReader> reader_;  // Of files_[next_file_ - 1].
  LetterFaults faults_;
};

}  // namespace weir
