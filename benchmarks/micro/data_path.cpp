// What each stage of the data path costs per event, without the kernel: frames, then fields, then
// routes and batches, then sinks that keep nothing. Profile this, then measure with bench.py.
//
//     micro_data_path FILE     FILE: events, one a line

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "router/ingest/intake.hpp"
#include "router/telemetry/log.hpp"

namespace {

using namespace weir;

/// As much as a read brings when the sender is faster than we.
constexpr std::size_t kReadBytes = 64 * 1024;
constexpr int kRounds = 40;

double cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

std::vector<RouteSpec> three_routes() {
  return {{"errors", "level == \"error\" || status >= 500", {0}},
          {"web", "app == \"web\"", {0}},
          {"rest", "unmatched", {0}}};
}

/// Keeps nothing.
class NoSink final : public Sink {
 public:
  SinkTraits traits() const noexcept override { return {.never_blocks = true}; }
  Result<void> open() override { return {}; }
  void write(Delivery delivery) override { std::move(delivery).delivered(); }
  void poll(std::chrono::milliseconds) override {}
  void close(SteadyTime) noexcept override {}
};

/// Copies the input into `to`, read by read, as the kernel would, and calls `use` for each with
/// what is there, which returns how many bytes it is done with.
template <class Use>
void each_read(const std::string& input, char* to, Use use) {
  for (std::size_t at = 0; at < input.size();) {
    const std::size_t bytes = std::min(kReadBytes, input.size() - at);
    std::copy_n(input.data() + at, bytes, to);
    const std::size_t done = use(std::span<const char>(to, bytes));
    if (done == 0) return;
    at += done;
  }
}

/// One shard's intake with three routes to a sink that keeps nothing.
class Stages {
 public:
  explicit Stages(std::string input) : input_(std::move(input)), row_(fields_.size()) {
    runner_.start();
    intake_.use(std::make_shared<Pipeline>(Pipeline{.fields = FieldTree(fields_),
                                                    .table = std::move(table_),
                                                    .sinks = {{.runner = &runner_}}}));
    if (!intake_.reserve(kReadBytes)) std::abort();
    block_ = intake_.cursor().data();
    each_read(input_, block_, [this](std::span<const char> bytes) { return find_frames(bytes); });
    events_ = std::exchange(frames_found_, 0);
  }
  ~Stages() {
    runner_.begin_drain(steady_now());
    runner_.finish_drain();
  }

  std::size_t events() const noexcept { return events_; }
  std::size_t bytes() const noexcept { return input_.size(); }

  void copy() {
    each_read(input_, block_, [](std::span<const char> bytes) { return bytes.size(); });
  }
  void find_frames() {
    each_read(input_, block_, [this](std::span<const char> bytes) { return find_frames(bytes); });
  }
  void read_fields() {
    each_read(input_, block_, [this](std::span<const char> bytes) {
      const std::size_t done = find_frames(bytes);
      decoder_.index_run({block_, std::min(done, JsonDecoder::kRunBytesMax)});
      for (const Frame& frame : frames_) {
        decoder_.decode({frame.data, frame.size}, Codec::Auto, false, tree_, row_);
      }
      return done;
    });
  }
  void take() {
    each_read(input_, block_, [this](std::span<const char> bytes) {
      const std::size_t done = find_frames(bytes);
      intake_.take(source_, frames_, weir::Peer{});
      intake_.flush();
      return done;
    });
  }

 private:
  std::size_t find_frames(std::span<const char> bytes) {
    frames_.clear();
    FramerState state;
    const std::size_t done = framer_->find(bytes, state, frames_, lost_);
    frames_found_ += frames_.size();
    return done;
  }

  const std::string input_;
  MemoryBudget budget_{64 << 20};
  Intake intake_{budget_, 1 << 20};
  SourceAccount& source_ = intake_.add_source({.name = "in"});
  FieldSet fields_;
  RouteTable table_{three_routes(), 1, fields_};
  const FieldTree tree_{fields_};
  Log log_{{.level = LogLevel::Error}};
  SinkRunner runner_{std::make_unique<NoSink>(), {.name = "out"}, budget_, log_, [] {}};
  const std::unique_ptr<Framer> framer_ =
      make_framer(Framing::Newline, 256 * 1024, Oversize::Truncate);
  EventDecoder decoder_;
  std::vector<Frame> frames_;
  std::vector<Value> row_;
  ReasonCounts lost_;
  char* block_ = nullptr;
  std::size_t frames_found_ = 0;
  std::size_t events_ = 0;
};

/// Prints the best of kRounds, since whatever else happens on the machine only adds.
void measure(const char* name, Stages& stages, void (Stages::*stage)()) {
  double best = 0;
  for (int round = 0; round < kRounds; ++round) {
    const double begin = cpu_ns();
    (stages.*stage)();
    const double each = (cpu_ns() - begin) / static_cast<double>(stages.events());
    best = round == 0 ? each : std::min(best, each);
  }
  std::printf("%-24s %6.1f ns per event\n", name, best);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FILE\n", argv[0]);
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  std::string input{std::istreambuf_iterator<char>(file), {}};
  if (!file || input.find('\n') == std::string::npos) {
    std::fprintf(stderr, "%s: cannot be read, or holds no line\n", argv[1]);
    return 1;
  }
  Stages stages(std::move(input));
  std::printf("%zu events, %zu bytes\n", stages.events(), stages.bytes());
  measure("copy", stages, &Stages::copy);
  measure("copy, frames", stages, &Stages::find_frames);
  measure("copy, frames, fields", stages, &Stages::read_fields);
  measure("all, to a sink", stages, &Stages::take);
}
