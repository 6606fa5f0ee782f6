#pragma once

// Verifier: takes all that a router puts out, and says what became of every event that was sent to
// it: delivered, lost, duplicated, reordered, corrupted or torn.
//
// It knows no router. Each event carries a stamp (stamp.hpp), and what a router may do to an event
// leaves its sum as it is (content_sum.hpp); LineJudge judges lines, StreamCheck keeps the books.
//
// A broken event of which the stamp can be read is not lost as well: lost is of what nothing came.
// That is a claim of something broken, so it is believed only of streams of this run. And for each
// one that does not say which it is, one that is missing is taken not to be lost: what was issued
// is then the sum of delivered, lost, corrupted and torn, copies aside.
//
// An event that a newline was put into is torn once: what has no beginning belongs to what had no
// end before it in its lane.
//
// Memory: a bit for each event, 34 KiB for latencies (and for each stream, while there are at most
// kStreamsTimedMax), and a line for each lane: up to 64 MiB of one that does not end.
//
// Threads: the collector's one thread; seen() may be asked from any.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "router/bench/lane.hpp"
#include "router/bench/verify/latency_histogram.hpp"
#include "router/bench/verify/line_judge.hpp"
#include "router/bench/verify/line_splitter.hpp"
#include "router/bench/verify/stream_check.hpp"
#include "router/bench/verify/verdict.hpp"

namespace weir::bench {

class Verifier : public Lanes {
 public:
  static constexpr std::size_t kStreamsTimedMax = 64;
  static constexpr std::size_t kTroublesOfEachKind = 4;

  /// Stamps of other runs are foreign. Without `run` the first intact event decides which it is.
  /// Of a longer line than `line_bytes_max` only the beginning is looked at.
  explicit Verifier(std::optional<std::uint16_t> run = std::nullopt,
                    std::size_t line_bytes_max = LineSplitter::kLineBytesMax);
  ~Verifier() override;

  Lane& lane(const std::string& name) override;

  /// How many distinct events have come, broken ones that can be told apart among them: once these
  /// are all that were issued, there is nothing to wait for.
  std::uint64_t seen() const noexcept { return seen_.load(std::memory_order_relaxed); }

  /// `issued`: by stream. Empty: not known.
  Verdict verdict(const std::map<std::uint32_t, std::uint64_t>& issued) const;

 private:
  class LaneCheck;
  struct Books {
    StreamCheck check;
    std::unique_ptr<LatencyHistogram> latency;
  };
  /// A line, and where it stood.
  struct Line {
    LaneCheck& lane;
    std::uint64_t number;
    std::string_view text;
    std::int64_t received_ns;
  };

  void on_line(const Line& line, bool whole);
  void on_finding(const Line& line, const Finding& finding);
  void on_intact(const Line& line, const Stamp& stamp);
  void on_torn(const Line& line, const Finding& finding);
  void on_broken(TroubleKind kind, const std::optional<Stamp>& stamp);
  Books& books_of(std::uint32_t stream);
  void count_seen() noexcept;
  void note(TroubleKind kind, const Line& line, const std::optional<Stamp>& stamp);

  LineJudge judge_;
  std::size_t line_bytes_max_;
  std::map<std::string, std::unique_ptr<LaneCheck>> lanes_;
  std::unordered_map<std::uint32_t, Books> streams_;
  LatencyHistogram latency_;
  Counts of_no_stream_;  // Broken ones that do not say whose they are.
  std::uint64_t foreign_ = 0;
  std::vector<Trouble> troubles_;
  std::array<std::size_t, 5> troubles_of_kind_{};
  std::atomic<std::uint64_t> seen_ = 0;
};

}  // namespace weir::bench
