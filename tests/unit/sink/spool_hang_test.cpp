// A disk that does not answer: whoever cannot wait for it does not, and nothing that somebody is
// still in goes away.

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "router/sink/runner.hpp"
#include "tests/support/failing_io.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/sink/spool_rig.hpp"

using namespace std::chrono_literals;
using namespace weir;
using namespace weir::test;

namespace {

/// One call of it does not return until release().
class HangingDisk {
 public:
  HangingDisk() {
    io.fail = [this](std::string_view call) {
      std::unique_lock lock(mutex_);
      if (call != call_) return 0;
      is_held_ = true;
      changed_.wait(lock, [this] { return call_.empty(); });
      return 0;
    };
  }

  void hang(std::string_view call) {
    const std::lock_guard lock(mutex_);
    call_ = call;
  }
  bool is_held() const {
    const std::lock_guard lock(mutex_);
    return is_held_;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    call_.clear();
    changed_.notify_all();
  }

  FailingIo io;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string call_;  // Empty: none.
  bool is_held_ = false;
};

/// Does not return from write() as long as it is stuck.
class StuckSink final : public Sink {
 public:
  struct Script {
    std::atomic<bool> is_stuck{true};
    std::atomic<bool> is_called{false};
  };

  explicit StuckSink(Script& script) : script_(script) {}
  SinkTraits traits() const noexcept override { return {}; }
  Result<void> open() override { return {}; }
  void write(Delivery delivery) override {
    script_.is_called = true;
    await([this] { return !script_.is_stuck; }, 60s);
    std::move(delivery).retry(ErrorCode(EPIPE, boost::system::system_category()));
  }
  void poll(std::chrono::milliseconds) override {}
  void close(SteadyTime) noexcept override {}

 private:
  Script& script_;
};

struct RunnerRig {
  explicit RunnerRig(const std::string& directory)
      : runner(std::make_unique<StuckSink>(script),
               {.name = "out",
                .url = "test",
                .buffer_bytes_max = kBufferBytes,
                .when_full = WhenFull::Spool,
                .spool = SpoolOptions{.log = {.directory = directory, .segment_bytes = 64 * 1024},
                                      .end_max = 50ms,
                                      .io = &disk.io}},
               memory, log, [] {}) {}

  SinkBalance balance() const {
    SinkBalance balance;
    runner.fill(balance);
    return balance;
  }

  StuckSink::Script script;
  HangingDisk disk;
  MemoryBudget memory{1 << 24};
  BlockPool pool{memory, 4096, 4};
  BatchBuilder builder;
  Log log{{.level = LogLevel::Error}};
  SinkRunner runner;
};

}  // namespace

TEST_CASE("the end of a spool waits for whoever reads in it, and nobody waits for that in vain",
          "[spool]") {
  const TempDir dir;
  int delivered = 0;
  {
    HangingDisk disk;
    Rig rig(dir / "s", WhenFull::Spool, WhenSpoolFull::Block, 1 << 24, {}, &disk.io);
    rig.offer_numbers(0, 40);
    REQUIRE(await([&] { return rig.balance().in_spool != 0; }));
    while (!rig.buffer.idle()) {
      ++delivered;
      Ticketed next = rig.take();
      rig.buffer.settle(std::move(next.batch), next.ticket, {.delivered = true}, wall_clock_ns());
    }
    REQUIRE(await([&] { return rig.balance().in_memory == 0; }));
    REQUIRE(delivered < 40);
    disk.io.forget_calls();
    disk.hang("pread");
    std::thread reader([&] { rig.spool.read_back(); });
    REQUIRE(await([&] { return disk.is_held(); }));
    CHECK_FALSE(rig.spool.finish(steady_now()));
    CHECK(await([&] { return disk.io.count("ftruncate") != 0; }));  // All is written.
    CHECK_FALSE(rig.spool.finish(steady_now()));
    Io system;
    const auto other = SpoolLog::open(system, {.directory = dir / "s"});
    CHECK(other.has_error());
    disk.release();
    CHECK(rig.spool.finish(steady_now() + kPatience));
    reader.join();
    CHECK(rig.spool.read_back() == Spool::Reading::Nothing);
    rig.buffer.abandon();
    CHECK(rig.balance().imbalance() == 0);
  }
  Rig rig(dir / "s");
  CHECK(rig.deliver() == numbers(delivered, 40 - delivered));
  rig.end();
}

TEST_CASE("what is just being put on disk counts as lost for a process that does not wait",
          "[spool]") {
  const TempDir dir;
  {
    HangingDisk disk;
    Rig rig(dir / "s", WhenFull::Spool, WhenSpoolFull::Block, 1 << 24, {}, &disk.io);
    rig.offer_numbers(0, 1);
    disk.hang("pwritev");
    CHECK_FALSE(rig.spool.finish(steady_now()));
    REQUIRE(await([&] { return disk.is_held(); }));
    for (int times = 0; times < 2; ++times) {
      rig.buffer.abandon();
      CHECK(rig.balance().dropped[Reason::Shutdown] == 1);
      CHECK(rig.balance().in_memory == 0);
      CHECK(rig.balance().imbalance() == 0);
    }
    rig.offer("late");
    CHECK(rig.balance().dropped[Reason::Shutdown] == 2);
    CHECK(rig.balance().imbalance() == 0);
    disk.release();
    CHECK(rig.spool.finish(steady_now() + kPatience));
    CHECK(rig.balance().in_spool == 0);
    CHECK(rig.balance().imbalance() == 0);
  }
  Rig rig(dir / "s");  // Rather twice than never.
  CHECK(rig.deliver() == numbers(0, 1));
  rig.end();
}

TEST_CASE("a sink that is given up keeps its spool until the disk answers", "[spool]") {
  const TempDir dir;
  const bool sink_returns = GENERATE(true, false);
  auto& rig = *new RunnerRig(dir / "s");  // Its thread is let go of.
  static const RunnerRig* kept = nullptr;
  kept = &rig;
  REQUIRE(rig.runner.open_spool().has_value());
  rig.runner.start();
  rig.runner.offer(rig.builder.origin("in", 1).line("0").take(), rig.pool);
  rig.runner.offer(rig.builder.origin("in", 1).line("1").take(), rig.pool);
  REQUIRE(await([&] { return rig.script.is_called.load(); }));
  rig.disk.hang("pwritev");
  rig.script.is_stuck = !sink_returns;
  rig.runner.begin_drain(steady_now());
  CHECK_FALSE(rig.runner.try_finish_drain());
  if (sink_returns) REQUIRE(await([&] { return rig.disk.is_held(); }));
  CHECK_FALSE(rig.runner.finish_drain());
  CHECK(await([&] { return rig.disk.is_held(); }));
  CHECK(rig.runner.overdue());
  CHECK_FALSE(rig.runner.try_finish_drain());
  rig.disk.release();
  CHECK(await([&] { return rig.runner.try_finish_drain(); }));
  CHECK(kept->balance().imbalance() == 0);
  CHECK(kept->balance().in_spool == (sink_returns ? 2 : 1));
  if (!rig.runner.is_stuck()) {
    CHECK(sink_returns);
    delete &rig;
    return;
  }
  rig.script.is_stuck = false;
  CHECK(await([&] { return rig.runner.drained(); }));
}
