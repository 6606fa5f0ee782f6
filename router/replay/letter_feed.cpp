#include "router/replay/letter_feed.hpp"

namespace weir {
namespace {

/// Lines that are looked at before others on the thread get their turn.
constexpr int kLinesTogether = 256;

/// Names of sources are kept: a file that was made up could have any number.
constexpr std::size_t kSourcesMax = 10'000;

}  // namespace

const std::string* LetterFeed::source_name(const std::string& name) {
  const auto found = sources_.find(name);
  if (found != sources_.end()) return &*found;
  return &*sources_.insert(sources_.size() < kSourcesMax ? name : "others").first;
}

RecordFeed::Next LetterFeed::next(Record& record) {
  if (remembers_ && sent_ == kKeysMax) return Next::End;
  for (int i = 0; i < kLinesTogether; ++i) {
    switch (scan_.next(line_)) {
      case LetterScan::Got::Other:
        continue;
      case LetterScan::Got::End:
        ended_ = true;
        return Next::End;
      case LetterScan::Got::Letter:
        break;
    }
    record = {.bytes = line_.letter.event,
              .source = source_name(line_.letter.source),
              .received_ns = line_.letter.received_ns(),
              .id = sent_++};
    if (remembers_) pending_.emplace(record.id, key_of(line_.line));
    return Next::Record;
  }
  return Next::Nothing;
}

void LetterFeed::answered(std::uint64_t id, bool delivered) noexcept {
  delivered_ += delivered ? 1 : 0;
  if (!remembers_) return;
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  if (delivered) keys_.insert(found->second);
  pending_.erase(found);
}

}  // namespace weir
