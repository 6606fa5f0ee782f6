#pragma once

// LetterFeed: the original events of dead letters, with the source and the time that they had, and
// which of them the sink has taken this time.
//
// Threads: as RecordFeed says.

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>

#include "router/ingest/record_feed.hpp"
#include "router/replay/letter_scan.hpp"

namespace weir {

using LetterKeys = std::set<LetterKey>;

class LetterFeed final : public RecordFeed {
 public:
  /// Keys that are remembered for a purge; more letters are not sent at once then.
  static constexpr std::size_t kKeysMax = 1'000'000;

  /// `files` and `query` outlive it.
  LetterFeed(const std::vector<LetterPath>& files, LetterQuery& query, std::uint64_t rate,
             bool remembers)
      : scan_(files, query), rate_(rate), remembers_(remembers) {}

  Next next(Record& record) override;
  bool wants_answers() const noexcept override { return true; }
  void answered(std::uint64_t id, bool delivered) noexcept override;
  std::uint64_t rate() const noexcept override { return rate_; }

  std::uint64_t sent() const noexcept { return sent_; }
  std::uint64_t delivered() const noexcept { return delivered_; }
  /// All were sent.
  bool ended() const noexcept { return ended_; }
  const LetterKeys& delivered_keys() const noexcept { return keys_; }

 private:
  const std::string* source_name(const std::string& name);

  LetterScan scan_;
  const std::uint64_t rate_;
  const bool remembers_;
  LetterLine line_;
  std::set<std::string> sources_;
  std::unordered_map<std::uint64_t, LetterKey> pending_;  // By id, until they are answered for.
  LetterKeys keys_;
  std::uint64_t sent_ = 0;
  std::uint64_t delivered_ = 0;
  bool ended_ = false;
};

}  // namespace weir
