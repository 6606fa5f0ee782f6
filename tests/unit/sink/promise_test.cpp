// What somebody was told is on disk is there until it is delivered: through rejections, sinks that
// end in the middle of a batch, sinks that are stuck, and full disks.

#include <algorithm>
#include <filesystem>
#include <memory>
#include <mutex>

#include "router/sink/dead_letters.hpp"
#include "router/sink/runner.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/sink/spool_rig.hpp"

using namespace weir;
using namespace weir::test;

namespace {

/// What the next start finds in a spool.
std::vector<std::string> found_in(const std::string& directory) {
  Rig next(directory);
  std::vector<std::string> events = next.deliver();
  next.end();
  return events;
}

bool holds(const std::vector<std::string>& events, const std::string& event) {
  return std::find(events.begin(), events.end(), event) != events.end();
}

/// Rejects all that it gets, once it is there.
class RejectingSink final : public Sink {
 public:
  explicit RejectingSink(const std::atomic<bool>& is_there) : is_there_(is_there) {}
  SinkTraits traits() const noexcept override { return {.settles_in_write = true}; }
  Result<void> open() override {
    if (is_there_) return {};
    return ErrorCode(ECONNREFUSED, boost::system::system_category());
  }
  void write(Delivery delivery) override {
    for (std::size_t i = 0; i < delivery.batch().size(); ++i) delivery.reject(i, Reason::TooLarge);
    std::move(delivery).delivered();
  }
  void poll(std::chrono::milliseconds) override {}
  void close(SteadyTime) noexcept override {}

 private:
  const std::atomic<bool>& is_there_;
};

/// Two sinks with a spool each: what the first rejects is the second's.
class LetterRig {
 public:
  explicit LetterRig(const TempDir& dir) : dir_(dir) {
    main_.set_dead_letters(std::make_shared<DeadLetters>("main", OwnEvents(memory_, 0, nullptr),
                                                         letters_.letters_target(), mutex_));
    for (SinkRunner* const runner : {&main_, &letters_}) {
      REQUIRE(runner->open_spool().has_value());
      runner->start();
    }
  }

  void offer(Receipt& receipt) {
    Batch batch = builder_.origin("in", 1).line("promised.").take();
    batch.attach(0, ReceiptRef(&receipt));
    main_.offer(std::move(batch), pool_);
  }

  std::uint64_t letters() const {
    SinkBalance balance;
    letters_.fill(balance);
    return balance.offered;
  }

  /// No letter can be written until the budget has its bytes again. Returns how many.
  std::size_t take_all_memory() {
    std::size_t taken = 0;
    for (std::size_t bytes = 1 << 20; bytes != 0; bytes /= 2) {
      while (memory_.try_charge(bytes)) taken += bytes;
    }
    return taken;
  }
  void give_memory_back(std::size_t bytes) { memory_.release(bytes); }
  SinkBalance balance() const {
    SinkBalance balance;
    main_.fill(balance);
    return balance;
  }

  /// How many events and letters a process finds that starts after this one was killed now.
  std::size_t found_after_kill() {
    std::size_t found = 0;
    for (const char* const name : {"main", "letters"}) {
      const std::string copy = dir_ / (std::string("killed ") + name);
      std::filesystem::remove_all(copy);
      std::filesystem::copy(dir_ / name, copy);
      found += found_in(copy).size();
    }
    return found;
  }

  /// Waits until the next start would find nothing in main's spool: the letter is as safe.
  bool await_letter_on_disk() {
    return await([this] {
      const std::string copy = dir_ / "looked at";
      std::filesystem::remove_all(copy);
      std::filesystem::copy(dir_ / "main", copy);
      return found_in(copy).empty();
    });
  }

  void end() {
    for (SinkRunner* const runner : {&main_, &letters_}) {
      runner->begin_drain(steady_now());
      REQUIRE(await([&] { return runner->drained(); }));
      runner->finish_drain();
      SinkBalance balance;
      runner->fill(balance);
      CHECK(balance.imbalance() == 0);
    }
  }

  std::atomic<bool> is_there{false};  // The sink that rejects.

 private:
  SinkRunnerOptions options(const std::string& name) const {
    SpoolOptions spool;
    spool.log = {.directory = dir_ / name, .segment_bytes = 64 * 1024, .retain = {}};
    return {
        .name = name,
        .url = "test",
        .buffer_bytes_max = 1 << 20,
        .when_full = WhenFull::Spool,
        .retry = {.first = std::chrono::milliseconds(10), .longest = std::chrono::milliseconds(10)},
        .spool = spool};
  }

  const TempDir& dir_;
  MemoryBudget memory_{1 << 28};
  Log log_{{.level = LogLevel::Error}};
  BlockPool pool_{memory_, 4096, 1};
  BatchBuilder builder_;
  std::mutex mutex_;
  const std::atomic<bool> never_{false};
  SinkRunner main_{std::make_unique<RejectingSink>(is_there), options("main"), memory_, log_,
                   [] {}};
  SinkRunner letters_{std::make_unique<RejectingSink>(never_), options("letters"), memory_, log_,
                      [] {}};
};

}  // namespace

TEST_CASE("who was told that it is on disk need not fear for its dead letter", "[spool]") {
  const TempDir dir;
  NotedReceipt receipt(Ack::Durable);
  LetterRig rig(dir);
  SECTION("rejected before it was on disk") {
    rig.is_there = true;
    rig.offer(receipt);
    REQUIRE(await([&] { return receipt.answered.load(); }));
  }
  SECTION("rejected later") {
    rig.offer(receipt);
    REQUIRE(await([&] { return receipt.answered.load(); }));
    rig.is_there = true;
  }
  CHECK(receipt.was_whole);
  CHECK(receipt.refusals == 0);
  REQUIRE(await([&] { return rig.letters() == 1; }));
  // At any time: the letter comes, and then the event goes.
  for (int i = 0; i < 5; ++i) CHECK(rig.found_after_kill() >= 1);
  REQUIRE(rig.await_letter_on_disk());
  rig.end();
  CHECK(found_in(dir / "letters").size() == 1);
  CHECK(found_in(dir / "main").empty());
}

TEST_CASE("what was promised waits until there is memory for its dead letter", "[spool]") {
  const TempDir dir;
  NotedReceipt receipt(Ack::Durable);
  LetterRig rig(dir);
  rig.offer(receipt);
  REQUIRE(await([&] { return receipt.answered.load(); }));
  const std::size_t taken = rig.take_all_memory();
  rig.is_there = true;
  REQUIRE(await([&] { return rig.balance().retries > 1; }));
  CHECK(rig.balance().dropped.total() == 0);
  CHECK(rig.letters() == 0);
  CHECK(rig.found_after_kill() == 1);
  rig.give_memory_back(taken);
  CHECK(await([&] { return rig.letters() == 1; }));
  REQUIRE(rig.await_letter_on_disk());
  rig.end();
  CHECK(found_in(dir / "letters").size() == 1);
  CHECK(found_in(dir / "main").empty());
}

TEST_CASE("an event whose letter was given up is rejected once more by the next start", "[spool]") {
  const TempDir dir;
  NotedReceipt told(Ack::Durable);
  {
    Rig rig(dir / "s");
    rig.offer("first", &told);
    REQUIRE(await([&] { return told.answered.load(); }));
    rig.offer("second");
    Ticketed held = rig.take(1);
    ReceiptRef letters = rig.buffer.promise_letters(held.batch, held.ticket);
    REQUIRE(letters);
    rig.buffer.settle(
        std::move(held.batch), held.ticket,
        {.delivered = true, .cause = {}, .rejected = {{0, Reason::TooLarge}}, .dead_lettered = 1},
        wall_clock_ns());
    SECTION("given up") {
      letters->forsake();
      letters = {};
      rig.end();
      CHECK(found_in(dir / "s") == std::vector<std::string>{"first", "second"});
    }
    SECTION("not answered yet") {
      rig.end();
      CHECK(found_in(dir / "s") == std::vector<std::string>{"first", "second"});
    }
    SECTION("arrived") {
      letters = {};
      rig.end();
      CHECK(found_in(dir / "s") == std::vector<std::string>{"second"});
    }
  }
}

TEST_CASE("what a sink gives up in the middle of a batch stays on disk", "[spool]") {
  const TempDir dir;
  Rig rig(dir / "s");
  NotedReceipt receipt(Ack::Durable);
  rig.offer("promised", &receipt);
  const bool was_told = GENERATE(true, false);
  if (was_told) REQUIRE(await([&] { return receipt.answered.load(); }));
  Ticketed held = rig.take(1);
  rig.buffer.settle(std::move(held.batch), held.ticket,
                    {.delivered = true, .cause = {}, .rejected = {{0, Reason::Shutdown}}},
                    wall_clock_ns());
  rig.end();
  CHECK(receipt.was_whole);
  CHECK(receipt.refusals == 0);
  CHECK(rig.balance().dropped.total() == 0);
  CHECK(rig.balance().imbalance() == 0);
  CHECK(found_in(dir / "s") == std::vector<std::string>{"promised"});
}

namespace {

/// A spool that has room for one segment.
class FullRig {
 public:
  NotedReceipt& offer() {
    receipts_.push_back(std::make_unique<NotedReceipt>(Ack::Durable));
    rig_.offer(last(), receipts_.back().get());
    return *receipts_.back();
  }
  /// Delivers what fits. Returns the receipt of the first event that does not.
  NotedReceipt& fill() {
    for (int i = 0; i < 100; ++i) {
      NotedReceipt& receipt = offer();
      REQUIRE(await([&] { return receipt.answered || !rig_.spool.trouble().empty(); }));
      if (!receipt.answered) return receipt;
      Ticketed next = rig_.take();
      rig_.buffer.settle(std::move(next.batch), next.ticket, {.delivered = true}, 1);
    }
    throw std::runtime_error("a spool without a bound");
  }
  std::string last() const { return "e" + std::to_string(receipts_.size() - 1); }
  Buffer& buffer() { return rig_.buffer; }
  Ticketed take() { return rig_.take(); }
  void end() { rig_.end(); }
  SinkBalance balance() const { return rig_.balance(); }
  std::vector<std::string> found() const { return found_in(dir_ / "s"); }

 private:
  TempDir dir_;
  std::vector<std::unique_ptr<NotedReceipt>> receipts_;
  Rig rig_{dir_ / "s", WhenFull::Spool, WhenSpoolFull::Block, 64 * 1024};
};

}  // namespace

TEST_CASE("who waits for a full disk is not told that it is there because the process ends",
          "[spool]") {
  FullRig rig;
  Ticketed stuck;
  NotedReceipt* late = nullptr;
  SECTION("behind what a stuck sink holds, which is on disk") {
    const NotedReceipt& first = rig.offer();
    REQUIRE(await([&] { return first.answered.load(); }));
    stuck = rig.take();
    late = &rig.fill();
  }
  SECTION("in a stuck sink's hands") {
    late = &rig.fill();
    stuck = rig.take();
  }
  const std::string promised = rig.last();
  rig.end();
  CHECK(late->answered);
  rig.buffer().settle(std::move(stuck.batch), stuck.ticket, {}, 1);
  CHECK(rig.balance().imbalance() == 0);
  if (late->was_whole) CHECK(holds(rig.found(), promised));
  CHECK_FALSE(late->was_whole);  // There was no room for it anywhere.
}

TEST_CASE("the books balance where all is given up while the disk is slow", "[spool]") {
  Buffer buffer(kBufferBytes, WhenFull::Spool);
  SpoolState found;
  found.consumed = found.end = found.resume = {1, 64, 1};
  buffer.attach_spool(std::make_unique<SpoolQueue>(found));
  BatchBuilder builder(0, kBlockBytes);
  for (int i = 0; i < 20; ++i) {
    buffer.offer(builder.origin("in", 1).line(std::string(3000, '.')).take());
  }
  REQUIRE_FALSE(buffer.begin_group(steady_now(), 1 << 20, {}).empty());
  buffer.abandon();
  SinkBalance balance;
  buffer.fill(balance, wall_clock_ns());
  CHECK(balance.dropped[Reason::Shutdown] == 20);
  CHECK(balance.imbalance() == 0);
}
