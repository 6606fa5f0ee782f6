#include "router/bench/verify/verifier.hpp"

#include <algorithm>
#include <utility>

#include "router/telemetry/printable.hpp"

namespace weir::bench {
namespace {

// Streams that only broken events name are kept up to here: more would be garbage, and each takes
// memory.
constexpr std::size_t kStreamsClaimedMax = 65'536;

constexpr std::size_t kTroubleBytesMax = 200;

Latencies latencies_of(const LatencyHistogram& histogram) {
  return {.count = histogram.count(),
          .p50 = histogram.percentile(50),
          .p90 = histogram.percentile(90),
          .p99 = histogram.percentile(99),
          .p99_9 = histogram.percentile(99.9),
          .p99_99 = histogram.percentile(99.99),
          .max = histogram.max()};
}

void add_to(Counts& all, const Counts& counts) noexcept {
  all.issued += counts.issued;
  all.delivered += counts.delivered;
  all.lost += counts.lost;
  all.duplicated += counts.duplicated;
  all.reordered += counts.reordered;
  all.corrupted += counts.corrupted;
  all.torn += counts.torn;
}

}  // namespace

class Verifier::LaneCheck : public Lane {
 public:
  LaneCheck(Verifier& verifier, std::string name, std::size_t number)
      : verifier_(verifier),
        name_(std::move(name)),
        number_(number),
        splitter_([this](std::string_view line, bool whole) { on_line(line, whole); },
                  verifier.line_bytes_max_) {}

  void bytes(std::string_view bytes, std::int64_t received_ns) override {
    received_ns_ = received_ns;
    splitter_.take(bytes);
  }

  void record(std::string_view bytes, std::int64_t received_ns) override {
    received_ns_ = received_ns;
    splitter_.take(bytes);
    splitter_.end();
  }

  void end() override { splitter_.end(); }

  /// The torn event whose rest may come next.
  enum class Open : std::uint8_t { None, Named, Unnamed };
  Open open() const noexcept { return open_; }
  void set_open(Open open) noexcept { open_ = open; }

  const std::string& name() const noexcept { return name_; }
  std::size_t number() const noexcept { return number_; }

 private:
  void on_line(std::string_view line, bool whole) {
    verifier_.on_line(
        {.lane = *this, .number = ++lines_, .text = line, .received_ns = received_ns_}, whole);
  }

  Verifier& verifier_;
  std::string name_;
  std::size_t number_;
  LineSplitter splitter_;
  std::int64_t received_ns_ = 0;
  std::uint64_t lines_ = 0;
  Open open_ = Open::None;
};

Verifier::Verifier(std::optional<std::uint16_t> run, std::size_t line_bytes_max)
    : judge_(run), line_bytes_max_(line_bytes_max) {}
Verifier::~Verifier() = default;

Lane& Verifier::lane(const std::string& name) {
  std::unique_ptr<LaneCheck>& lane = lanes_[name];
  if (!lane) lane = std::make_unique<LaneCheck>(*this, name, lanes_.size() - 1);
  return *lane;
}

void Verifier::on_line(const Line& line, bool whole) {
  for (const Finding& finding : judge_.judge(line.text, whole)) on_finding(line, finding);
}

void Verifier::on_finding(const Line& line, const Finding& finding) {
  switch (finding.judgement) {
    case Judgement::Intact:
      line.lane.set_open(LaneCheck::Open::None);
      if (finding.stamp) on_intact(line, *finding.stamp);
      return;
    case Judgement::Corrupted:
      line.lane.set_open(LaneCheck::Open::None);
      on_broken(TroubleKind::Corrupted, finding.stamp);
      return note(TroubleKind::Corrupted, line, finding.stamp);
    case Judgement::Torn:
      return on_torn(line, finding);
    case Judgement::Foreign:
      ++foreign_;
      return note(TroubleKind::Foreign, line, finding.stamp);
  }
}

void Verifier::on_intact(const Line& line, const Stamp& stamp) {
  Books& books = books_of(stamp.stream);
  const StreamCheck::Arrival arrival = books.check.intact(stamp.sequence, line.lane.number());
  if (!arrival.taken) return note(TroubleKind::Corrupted, line, stamp);
  if (!arrival.first) return note(TroubleKind::Duplicated, line, stamp);
  if (arrival.is_new) count_seen();
  if (arrival.reordered) note(TroubleKind::Reordered, line, stamp);
  const std::int64_t latency_ns = line.received_ns - stamp.time_ns;
  latency_.add(latency_ns);
  if (books.latency) books.latency->add(latency_ns);
}

void Verifier::on_torn(const Line& line, const Finding& finding) {
  using Open = LaneCheck::Open;
  const Open open = line.lane.open();
  const bool has_name = finding.stamp.has_value();
  if (finding.is_rest && !has_name && open != Open::None) return line.lane.set_open(Open::None);
  // What came first did not say whose it is; this does.
  if (finding.is_rest && has_name && open == Open::Unnamed) --of_no_stream_.torn;
  const bool is_open = !finding.is_whole && (has_name || !finding.is_rest);
  const Open begun = has_name ? Open::Named : Open::Unnamed;
  line.lane.set_open(is_open ? begun : Open::None);
  on_broken(TroubleKind::Torn, finding.stamp);
  note(TroubleKind::Torn, line, finding.stamp);
}

void Verifier::on_broken(TroubleKind kind, const std::optional<Stamp>& stamp) {
  const bool is_torn = kind == TroubleKind::Torn;
  const bool has_books = stamp && (streams_.size() < kStreamsClaimedMax ||
                                   streams_.find(stamp->stream) != streams_.end());
  if (!has_books) {
    ++(is_torn ? of_no_stream_.torn : of_no_stream_.corrupted);
    return;
  }
  StreamCheck& check = books_of(stamp->stream).check;
  if (is_torn) {
    check.count_torn();
  } else {
    check.count_corrupted();
  }
  if (check.claimed(stamp->sequence)) count_seen();
}

Verifier::Books& Verifier::books_of(std::uint32_t stream) {
  const auto [place, is_new] = streams_.try_emplace(stream);
  if (is_new && streams_.size() <= kStreamsTimedMax) {
    place->second.latency = std::make_unique<LatencyHistogram>();
  }
  if (is_new && streams_.size() == kStreamsTimedMax + 1) {
    for (auto& [number, books] : streams_) books.latency.reset();
  }
  return place->second;
}

/// This thread alone writes it.
void Verifier::count_seen() noexcept {
  seen_.store(seen_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void Verifier::note(TroubleKind kind, const Line& line, const std::optional<Stamp>& stamp) {
  if (troubles_of_kind_[static_cast<std::size_t>(kind)]++ >= kTroublesOfEachKind) return;
  Trouble trouble{.kind = kind, .lane = line.lane.name(), .line = line.number};
  if (stamp) {
    trouble.stream = stamp->stream;
    trouble.sequence = stamp->sequence;
  }
  trouble.text = printable(line.text.substr(0, kTroubleBytesMax));
  troubles_.push_back(std::move(trouble));
}

Verdict Verifier::verdict(const std::map<std::uint32_t, std::uint64_t>& issued) const {
  Verdict verdict{.issued_known = !issued.empty(),
                  .all = of_no_stream_,
                  .unnamed = of_no_stream_.corrupted + of_no_stream_.torn,
                  .foreign = foreign_,
                  .latency = latencies_of(latency_),
                  .troubles = troubles_,
                  .fields_added = judge_.fields_added(),
                  .run = judge_.run()};
  std::map<std::uint32_t, const Books*> streams;
  for (const auto& [stream, count] : issued) streams[stream] = nullptr;
  for (const auto& [stream, books] : streams_) streams[stream] = &books;
  for (const auto& [stream, books] : streams) {
    const auto known = issued.find(stream);
    const bool is_issued = known != issued.end();
    std::optional<std::uint64_t> count;
    if (verdict.issued_known) count = is_issued ? known->second : 0;
    StreamVerdict of_stream = books != nullptr ? books->check.verdict(stream, count)
                                               : StreamCheck().verdict(stream, count);
    add_to(verdict.all, of_stream.counts);
    verdict.unnamed += of_stream.unnamed;
    if (books != nullptr && books->latency) of_stream.latency = latencies_of(*books->latency);
    if (is_issued || (books != nullptr && books->check.is_proven())) {
      verdict.streams.push_back(std::move(of_stream));
    }
  }
  verdict.all.lost -= std::min(verdict.all.lost, verdict.unnamed);
  std::stable_sort(verdict.troubles.begin(), verdict.troubles.end(),
                   [](const Trouble& a, const Trouble& b) { return a.kind < b.kind; });
  return verdict;
}

}  // namespace weir::bench
