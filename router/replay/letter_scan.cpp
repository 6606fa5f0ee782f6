#include "router/replay/letter_scan.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "router/replay/command_values.hpp"
#include "router/telemetry/printable.hpp"

namespace weir {

void LetterQuery::compile() {
  since_ns_ = read_time(since, "--since", INT64_MIN);
  filter_ = RecordFilter(where, "--where");
}

bool LetterQuery::holds(const Letter& letter, std::string_view line) {
  if (!sink.empty() && letter.sink != sink) return false;
  if (!reason.empty() && letter.reason != reason) return false;
  if (!since.empty() && letter.time_ns() < since_ns_) return false;
  static const std::string no_source;
  return filter_.holds(line, false, Origin{.source = &no_source});
}

bool LetterScan::open() {
  while (next_file_ < files_.size()) {
    const LetterPath& file = files_[next_file_++];
    Fd fd(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
      close(last_error().message());
      continue;
    }
    Result<LetterReader> reader = LetterReader::adopt(std::move(fd), file.home, file.bytes);
    if (reader) {
      reader_ = std::make_unique<LetterReader>(std::move(*reader));
      return true;
    }
    close(reader.error().message());
  }
  return false;
}

void LetterScan::close(const std::string& why) {
  faults_.unread_files.push_back(
      fmt::format("cannot read {}: {}", printable(files_[next_file_ - 1].path), why));
  reader_.reset();
}

/// Counts the line that was read last.
LetterScan::Got LetterScan::fault(std::uint64_t& count) {
  ++count;
  const std::string& path = files_[next_file_ - 1].path;
  std::vector<LetterFaults::File>& files = faults_.files;
  if (files.empty() || files.back().path != path) {
    if (files.size() == LetterFaults::kFilesMax) return Got::Other;
    files.push_back({.path = path, .first_line = reader_->line_number()});
  }
  ++files.back().lines;
  return Got::Other;
}

LetterScan::Got LetterScan::next(LetterLine& found) {
  if (!reader_ && !open()) return Got::End;
  std::string_view line;
  switch (reader_->next(line)) {
    case LetterReader::Got::Line:
      break;
    case LetterReader::Got::Torn:
      return fault(faults_.torn);
    case LetterReader::Got::TooLong:
      return fault(faults_.too_long);
    case LetterReader::Got::End:
      reader_.reset();
      return Got::Other;
    case LetterReader::Got::Damaged:
      close("it is damaged, or not packed as its name says");
      return Got::Other;
  }
  if (line.empty()) return Got::Other;
  std::optional<Letter> letter = parser_.parse(line);
  if (!letter) return fault(faults_.no_letters);
  if (!query_.holds(*letter, line)) return Got::Other;
  found.line = line;
  found.letter = std::move(*letter);
  found.file = &files_[next_file_ - 1];
  found.line_number = reader_->line_number();
  return Got::Letter;
}

}  // namespace weir
