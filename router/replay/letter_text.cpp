#include "router/replay/letter_text.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <ostream>

#include "router/sink/json_text.hpp"
#include "router/telemetry/printable.hpp"
#include "router/telemetry/text_table.hpp"

namespace weir {
namespace {

constexpr const char* kRow = "{:<12}  {:<30}  {:<16}  {:<14}  {:>8}  {:>10}  {}\n";

/// Kinds of letters that are told apart.
constexpr std::size_t kCountsMax = 10'000;

constexpr std::size_t kShownBytes = 60;

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(text, out);
  return out;
}

std::string shown(std::string_view text, std::size_t bytes_max) {
  return shortened(printable(text.substr(0, bytes_max)), bytes_max);
}

}  // namespace

std::string letter_headings() {
  return fmt::format(fmt::runtime(kRow), "id", "time", "sink", "reason", "attempts", "bytes",
                     "event");
}

std::string letter_row(const LetterLine& line) {
  const Letter& letter = line.letter;
  return fmt::format(fmt::runtime(kRow), id_of(key_of(line.line)), shown(letter.time, 30),
                     shown(letter.sink, 64), shown(letter.reason, 64), letter.attempts,
                     letter.event.size(), shown(letter.event, kShownBytes));
}

std::string letter_json(const LetterLine& line) {
  return fmt::format(R"({{"id":"{}","file":{},"line":{},"letter":{}}})"
                     "\n",
                     id_of(key_of(line.line)), json_string(line.file->path), line.line_number,
                     line.line);
}

std::string letter_page(const LetterLine& line) {
  const Letter& letter = line.letter;
  return fmt::format(
      "id        {}\nfile      {}\nline      {}\nsink      {}\nreason    {}\nattempts  {}\n"
      "time      {}\nsource    {}\nreceived  {}\nbytes     {}{}\n\n{}\n",
      id_of(key_of(line.line)), printable(line.file->path), line.line_number,
      printable(letter.sink), printable(letter.reason), letter.attempts, printable(letter.time),
      printable(letter.source), printable(letter.received), letter.event.size(),
      letter.was_base64 ? ", not UTF-8" : "", printable(letter.event));
}

void LetterSummary::add(const Letter& letter) {
  std::pair<std::string, std::string> kind{letter.sink, letter.reason};
  if (counts_.size() >= kCountsMax && !counts_.contains(kind)) kind = {"others", "others"};
  Count& count = counts_[std::move(kind)];
  ++count.letters;
  count.bytes += letter.event.size();
}

std::string LetterSummary::to_text() const {
  if (counts_.empty()) return "\nno letters\n";
  TextTable table({"sink and reason", "letters", "bytes"});
  for (const auto& [kind, count] : counts_) {
    table.add({kind.first + " " + kind.second, grouped(count.letters), grouped(count.bytes)});
  }
  return '\n' + table.to_string();
}

std::string LetterSummary::to_json(const LetterFaults& faults) const {
  std::string text = R"({"summary":[)";
  for (const auto& [kind, count] : counts_) {
    if (!text.ends_with('[')) text += ',';
    text +=
        fmt::format(R"({{"sink":{},"reason":{},"letters":{},"bytes":{}}})", json_string(kind.first),
                    json_string(kind.second), count.letters, count.bytes);
  }
  return text + fmt::format(R"(],"no_letters":{},"too_long":{},"torn":{}}})"
                            "\n",
                            faults.no_letters, faults.too_long, faults.torn);
}

bool tell_faults(const LetterFaults& faults, std::ostream& errors) {
  if (faults.lines() != 0) {
    fmt::print(errors, "weir: {} lines are no letters, {} are too long, {} are not whole\n",
               faults.no_letters, faults.too_long, faults.torn);
    for (const LetterFaults::File& file : faults.files) {
      fmt::print(errors, "  {}: {} {}, {} line {}\n", printable(file.path), file.lines,
                 file.lines == 1 ? "line" : "lines", file.lines == 1 ? "it is" : "the first is",
                 file.first_line);
    }
    if (faults.files.size() == LetterFaults::kFilesMax) fmt::print(errors, "  …\n");
  }
  for (const std::string& file : faults.unread_files) fmt::print(errors, "weir: {}\n", file);
  return !faults.unread_files.empty();
}

}  // namespace weir
