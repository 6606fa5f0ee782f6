#include "router/sink/runner.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/await.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"

using namespace std::chrono_literals;
using weir::Batch;
using weir::BlockPool;
using weir::Delivery;
using weir::ErrorCode;
using weir::Log;
using weir::MemoryBudget;
using weir::Reason;
using weir::Result;
using weir::SinkBalance;
using weir::SinkRunner;
using weir::SinkTraits;
using weir::SteadyTime;
using weir::test::await;
using weir::test::BatchBuilder;

namespace {

/// What the test and the sink on the runner's thread both see.
struct Script {
  SinkTraits traits;
  std::atomic<bool> corked{false};     ///< Deliveries are kept.
  std::atomic<bool> troubled{false};   ///< It says so, and goes on.
  std::atomic<int> failures_left{0};   ///< So many deliveries go back.
  std::atomic<int> forgotten_left{0};  ///< So many are destroyed unsettled.
  std::atomic<int> opens_fail_left{0};
  std::atomic<int> opens{0};
  std::atomic<int> writes{0};
  std::atomic<int> reopens{0};
  std::atomic<bool> closed{false};
  std::atomic<bool> stuck{false};  ///< write() does not return.
  std::mutex mutex;
  std::vector<std::string> taken;  // Guarded by mutex.

  std::string order() {
    const std::lock_guard lock(mutex);
    std::string text;
    for (const std::string& event : taken) text += event;
    return text;
  }
};

class ScriptedSink final : public weir::Sink {
 public:
  explicit ScriptedSink(Script& script) : script_(script) {}
  SinkTraits traits() const noexcept override { return script_.traits; }
  Result<void> open() override {
    ++script_.opens;
    if (script_.opens_fail_left > 0) {
      --script_.opens_fail_left;
      return ErrorCode(ENOENT, boost::system::system_category());
    }
    return {};
  }
  void write(Delivery delivery) override {
    ++script_.writes;
    weir::test::await([this] { return !script_.stuck; }, 60s);
    if (script_.forgotten_left > 0) {
      --script_.forgotten_left;
      return;
    }
    held_.push_back(std::move(delivery));
    settle();
  }
  void poll(std::chrono::milliseconds) override { settle(); }
  std::string trouble() const override { return script_.troubled ? "the destination is away" : ""; }
  void reopen() override { ++script_.reopens; }
  void close(SteadyTime) noexcept override {
    held_.clear();
    script_.closed = true;
  }

 private:
  void settle() {
    if (script_.corked) return;
    for (Delivery& delivery : held_) {
      if (script_.failures_left > 0) {
        --script_.failures_left;
        std::move(delivery).retry(ErrorCode(EPIPE, boost::system::system_category()));
        continue;
      }
      {
        const std::lock_guard lock(script_.mutex);
        for (const weir::Event& event : delivery.batch().events()) {
          script_.taken.emplace_back(event.bytes());
        }
      }
      std::move(delivery).delivered();
    }
    held_.clear();
  }

  Script& script_;
  std::vector<Delivery> held_;
};

/// A runner with its sink, and a shard's way of offering.
class Rig {
 public:
  explicit Rig(Script& script, std::size_t buffer_bytes = 1 << 20,
               weir::RetryPolicy retry = {.first = 1ms, .longest = 5ms})
      : runner_(std::make_unique<ScriptedSink>(script),
                {.name = "out",
                 .url = "test",
                 .buffer_bytes_max = buffer_bytes,
                 .when_full = weir::WhenFull::Block,
                 .retry = retry},
                budget_, log_, [this] { ++pressure_changes; }) {}

  void offer(const std::string& text) {
    runner_.offer(builder_.origin("in", weir::wall_clock_ns()).line(text).take(), pool_);
    runner_.run_inline();
  }
  SinkBalance balance() const {
    SinkBalance balance;
    runner_.fill(balance);
    return balance;
  }
  void drain(std::chrono::milliseconds time = 10s) {
    runner_.begin_drain(weir::steady_now() + time);
    REQUIRE(await([this] { return runner_.drained(); }));
    runner_.finish_drain();
  }
  SinkRunner& runner() { return runner_; }
  std::atomic<int> pressure_changes{0};

 private:
  MemoryBudget budget_{1 << 28};
  BlockPool pool_{budget_, 4096, 4};
  BatchBuilder builder_;
  Log log_{{.level = weir::LogLevel::Error}};
  SinkRunner runner_;
};

}  // namespace

TEST_CASE("a sink that does not return from a call is overdue once its time is over", "[sink]") {
  Script script;
  script.stuck = true;
  auto& rig = *new Rig(script);  // Its thread is let go of, and may look at it to the very end.
  static const Rig* kept = nullptr;
  kept = &rig;
  rig.runner().start();
  rig.offer("a");
  REQUIRE(await([&] { return script.writes == 1; }));
  CHECK_FALSE(rig.runner().overdue());
  CHECK_FALSE(rig.runner().idle());
  rig.runner().begin_drain(weir::steady_now() + 2h);
  CHECK_FALSE(rig.runner().overdue());
  rig.runner().begin_drain(weir::steady_now());
  rig.runner().begin_drain(weir::steady_now() + 1h);  // Brings nothing back.
  CHECK(await([&] { return rig.runner().overdue(); }));
  CHECK_FALSE(rig.runner().drained());
  rig.runner().finish_drain();
  CHECK(kept->balance().dropped[Reason::Shutdown] == 1);
  CHECK(kept->balance().imbalance() == 0);
  script.stuck = false;
  CHECK(await([&] { return rig.runner().drained(); }));
  CHECK(kept->balance().imbalance() == 0);
}

TEST_CASE("batches are delivered in order and everything is accounted for", "[sink]") {
  Script script;
  script.traits.deliveries_max = GENERATE(1U, 4U);
  Rig rig(script);
  rig.runner().start();
  for (char c = 'a'; c <= 'z'; ++c) rig.offer(std::string(1, c));
  rig.drain();
  CHECK(script.order() == "abcdefghijklmnopqrstuvwxyz");
  CHECK(script.closed);
  CHECK(rig.balance().delivered == 26);
  CHECK(rig.balance().imbalance() == 0);
}

TEST_CASE("after failures everything arrives once more, in order", "[sink]") {
  Script script;
  script.traits.deliveries_max = 1;
  script.failures_left = 3;
  script.forgotten_left = 1;
  script.opens_fail_left = 2;
  Rig rig(script);
  rig.runner().start();
  for (char c = 'a'; c <= 'j'; ++c) rig.offer(std::string(1, c));
  rig.drain();
  CHECK(script.order() == "abcdefghij");
  CHECK(rig.balance().delivered == 10);
  CHECK(rig.balance().retries == 4);
  CHECK(script.opens >= 6);
}

TEST_CASE("a sink that gives back all that it has in hand has failed once", "[sink]") {
  constexpr int kInHand = 30;
  Script script;
  script.traits.deliveries_max = kInHand;
  script.corked = true;
  // Thirty failures in a row would be waited for, most likely, for many minutes.
  Rig rig(script, 1 << 20, {.first = 1ms, .longest = 1h});
  rig.runner().start();
  for (int i = 0; i < kInHand; ++i) rig.offer("x");
  REQUIRE(await([&] { return script.writes == kInHand; }));
  script.failures_left = kInHand;
  script.corked = false;
  CHECK(await([&] { return rig.balance().delivered == kInHand; }));
  CHECK(rig.balance().retries == kInHand);
  rig.drain();
}

TEST_CASE("a sink that fails says why in its state, until it delivers again", "[sink]") {
  Script script;
  script.opens_fail_left = 1'000'000;
  Rig rig(script);
  rig.runner().start();
  REQUIRE(await([&] { return script.opens > 2; }));
  CHECK_FALSE(rig.balance().ready);
  CHECK(rig.balance().trouble.find("No such file") != std::string::npos);
  script.opens_fail_left = 0;
  rig.offer("x");
  REQUIRE(await([&] { return rig.balance().delivered == 1; }));
  CHECK(rig.balance().ready);
  rig.drain();
}

TEST_CASE("a sink that tries again by itself says why in its state, as long as it does", "[sink]") {
  Script script;
  Rig rig(script);
  rig.runner().start();
  rig.offer("x");
  REQUIRE(await([&] { return rig.balance().ready; }));
  script.troubled = true;
  rig.offer("y");
  REQUIRE(await([&] { return !rig.balance().ready; }));
  CHECK(rig.balance().trouble == "the destination is away");
  script.troubled = false;
  rig.offer("z");
  REQUIRE(await([&] { return rig.balance().ready; }));
  CHECK(rig.balance().trouble.empty());
  rig.drain();
}

TEST_CASE("a slow sink raises the pressure and nothing is lost", "[sink]") {
  Script script;
  script.corked = true;
  Rig rig(script, 16 * 1024);
  rig.runner().start();
  for (int i = 0; i < 400; ++i) rig.offer(std::string(100, 'x'));
  CHECK(rig.runner().under_pressure());
  CHECK(rig.balance().in_memory == 400);
  script.corked = false;
  REQUIRE(await([&] { return rig.balance().delivered == 400; }));
  CHECK_FALSE(rig.runner().under_pressure());
  CHECK(rig.pressure_changes == 4);  // At 7/8 and at the bound, and back at 7/8 and a half.
  rig.drain();
}

TEST_CASE("what cannot be delivered by the deadline is lost, and said so", "[sink]") {
  Script script;
  script.corked = true;
  Rig rig(script);
  rig.runner().start();
  for (int i = 0; i < 5; ++i) rig.offer("x");
  rig.drain(50ms);
  CHECK(rig.balance().dropped[Reason::Shutdown] == 5);
  CHECK(rig.balance().imbalance() == 0);
}

TEST_CASE("a sink that never blocks is written on the caller's thread", "[sink]") {
  Script script;
  script.traits.never_blocks = true;
  Rig rig(script);
  rig.runner().start();
  rig.offer("now");
  CHECK(script.order() == "now");
  CHECK(rig.balance().delivered == 1);
  rig.drain();
}

TEST_CASE("on the shard's thread while it keeps up, on its own after a failure", "[sink]") {
  Script script;
  script.traits.settles_in_write = true;
  Rig rig(script);
  rig.runner().set_run_on_shard(true);
  rig.runner().start();
  REQUIRE(await([&] { return rig.balance().ready; }));
  rig.offer("a");
  CHECK(await([&] { return rig.balance().delivered == 1; }));
  script.failures_left = 1;
  rig.offer("b");
  rig.offer("c");
  REQUIRE(await([&] { return rig.balance().delivered == 3; }));
  CHECK(script.order() == "abc");
  rig.drain();
}

TEST_CASE("SIGHUP reaches the sink", "[sink]") {
  Script script;
  Rig rig(script);
  rig.runner().start();
  rig.runner().reopen();
  CHECK(await([&] { return script.reopens == 1; }));
  rig.drain();
}
