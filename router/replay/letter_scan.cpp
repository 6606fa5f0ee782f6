#include "router/replay/letter_scan.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include "router/replay/command_values.hpp"
#include "router/telemetry/printable.hpp"

namespace weir {

void LetterQuery::compile() {
  since_ns_ = read_time(since, "--since", INT64_MIN);
  filter_.emplace(where, "--where");
}

bool LetterQuery::holds(const Letter& letter, std::string_view line) {
  if (!sink.empty() && letter.sink != sink) return false;
  if (!reason.empty() && letter.reason != reason) return false;
  if (!since.empty() && letter.time_ns() < since_ns_) return false;
  static const std::string kNoSource;
  return filter_->holds(line, false, Origin{.source = &kNoSource});
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
      reader_.emplace(std::move(*reader));
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

LetterScan::Got LetterScan::next(LetterLine& found) {
  if (!reader_ && !open()) return Got::End;
  std::string_view line;
  switch (reader_->next(line)) {
    case LetterReader::Got::Line:
      break;
    case LetterReader::Got::Torn:
      ++faults_.torn;
      return Got::Other;
    case LetterReader::Got::TooLong:
      ++faults_.too_long;
      return Got::Other;
    case LetterReader::Got::End:
      reader_.reset();
      return Got::Other;
    case LetterReader::Got::Damaged:
      close("it is damaged, or not packed as its name says");
      return Got::Other;
  }
  if (line.empty()) return Got::Other;
  std::optional<Letter> letter = parser_.parse(line);
  if (!letter) {
    ++faults_.no_letters;
    return Got::Other;
  }
  if (!query_.holds(*letter, line)) return Got::Other;
  found.line = line;
  found.letter = std::move(*letter);
  found.file = &files_[next_file_ - 1];
  found.line_number = reader_->line_number();
  return Got::Letter;
}

}  // namespace weir
