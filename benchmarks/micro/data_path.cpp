// What each stage of the data path costs per event, without the kernel: frames, then fields, then
// routes and batches, then sinks that keep nothing. Profile this, then measure with bench.py.
//
//     micro_data_path FILE [ROUNDS]     FILE: events, one a line; ROUNDS: 30 unless told

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
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

double cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

/// The part of `work` over all of `events` that matters: the best of `rounds` is printed, since
/// whatever else happens on the machine only adds.
template <class Work>
void measure(const char* stage, int rounds, Work work) {
  double best = 0;
  for (int round = 0; round < rounds; ++round) {
    const double begin = cpu_ns();
    const std::size_t events = work();
    const double each = (cpu_ns() - begin) / static_cast<double>(events);
    best = round == 0 ? each : std::min(best, each);
  }
  std::printf("%-28s %6.1f ns per event\n", stage, best);
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
    std::memcpy(to, input.data() + at, bytes);
    const std::size_t done = use(std::span<const char>(to, bytes));
    if (done == 0) return;
    at += done;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FILE [ROUNDS]\n", argv[0]);
    return 2;
  }
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 30;
  std::ifstream file(argv[1], std::ios::binary);
  std::string input{std::istreambuf_iterator<char>(file), {}};
  if (!file || input.empty()) {
    std::fprintf(stderr, "%s: cannot be read, or is empty\n", argv[1]);
    return 1;
  }

  MemoryBudget budget(64 << 20);
  Intake intake(budget, 1 << 20);
  SourceAccount& source = intake.add_source({.name = "in"});
  FieldSet fields;
  RouteTable table(three_routes(), 1, fields);
  const FieldTree tree(fields);
  Log log({.level = LogLevel::Error});
  SinkRunner runner(std::make_unique<NoSink>(), {.name = "out"}, log, [] {});
  runner.start();
  intake.use(std::make_shared<Pipeline>(Pipeline{
      .fields = FieldTree(fields), .table = std::move(table), .sinks = {{.runner = &runner}}}));
  if (!intake.reserve(kReadBytes)) return 1;
  char* const block = intake.cursor().data();

  const auto framer = make_framer(Framing::Newline, 256 * 1024, Oversize::Truncate);
  std::vector<Frame> frames;
  ReasonCounts lost;
  std::size_t count = 0;
  const auto find_frames = [&](std::span<const char> bytes) {
    frames.clear();
    FramerState state;
    const std::size_t done = framer->find(bytes, state, frames, lost);
    count += frames.size();
    return done;
  };
  each_read(input, block, find_frames);
  const std::size_t events = std::exchange(count, 0);

  measure("copy", rounds, [&] {
    each_read(input, block, [](std::span<const char> bytes) { return bytes.size(); });
    return events;
  });
  measure("copy, frames", rounds, [&] {
    each_read(input, block, find_frames);
    return events;
  });
  std::vector<Value> row(fields.size());
  EventDecoder decoder;
  std::size_t json = 0;
  measure("copy, frames, fields", rounds, [&] {
    each_read(input, block, [&](std::span<const char> bytes) {
      const std::size_t done = find_frames(bytes);
      decoder.index_run({block, done});
      for (const Frame& frame : frames) {
        const Format format =
            decoder.decode({frame.data, frame.size}, Codec::Auto, false, tree, row);
        json += format == Format::Json ? 1 : 0;
      }
      return done;
    });
    return events;
  });
  measure("all, to a sink", rounds, [&] {
    each_read(input, block, [&](std::span<const char> bytes) {
      const std::size_t done = find_frames(bytes);
      intake.take(source, frames, {});
      intake.flush();
      return done;
    });
    return events;
  });
  std::printf("%zu events, %zu bytes, %.0f %% JSON\n", events, input.size(),
              100.0 * static_cast<double>(json) / static_cast<double>(events) / rounds);
  runner.begin_drain(steady_now());
  runner.finish_drain();
}
