// Rejected events that go on to another sink, and losses that a sink is told of.

#include "router/sink/dead_letters.hpp"

#include <atomic>
#include <boost/json.hpp>
#include <mutex>
#include <string>
#include <vector>

#include "router/base/clock.hpp"
#include "router/sink/buffer.hpp"
#include "router/sink/runner.hpp"
#include "router/spool/format.hpp"
#include "router/spool/record.hpp"
#include "tests/support/await.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"

using namespace weir;
using weir::test::BatchBuilder;

namespace json = boost::json;

namespace {

/// Rejects what begins with an 'x'; takes the rest.
class PickySink final : public Sink {
 public:
  struct Options {
    bool never_blocks = false;
    const std::atomic<bool>* is_there = nullptr;
    std::atomic<int>* writes = nullptr;
  };
  explicit PickySink(std::vector<std::string>& taken, std::mutex* mutex = nullptr)
      : PickySink(taken, Options(), mutex) {}
  PickySink(std::vector<std::string>& taken, Options options, std::mutex* mutex = nullptr)
      : taken_(taken), options_(options), mutex_(mutex == nullptr ? own_mutex_ : *mutex) {}
  SinkTraits traits() const noexcept override {
    return {.never_blocks = options_.never_blocks, .settles_in_write = true};
  }
  Result<void> open() override {
    if (options_.is_there == nullptr || *options_.is_there) return {};
    return ErrorCode(ECONNREFUSED, boost::system::system_category());
  }
  void write(Delivery delivery) override {
    if (options_.writes != nullptr) ++*options_.writes;
    std::unique_lock lock(mutex_);
    const auto events = delivery.batch().events();
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (events[i].size != 0 && events[i].data[0] == 'x') {
        delivery.reject(i, Reason::TooLarge);
      } else {
        taken_.emplace_back(events[i].bytes());
      }
    }
    lock.unlock();
    std::move(delivery).delivered();
  }
  void poll(std::chrono::milliseconds) override {}
  void close(SteadyTime) noexcept override {}

 private:
  std::vector<std::string>& taken_;
  const Options options_;
  std::mutex own_mutex_;
  std::mutex& mutex_;  // Of taken_.
};

class CountedReceipt final : public Receipt {
 public:
  int answers = 0;
  std::uint64_t refusals = 0;
  void refused(Reason, std::uint64_t events) noexcept override { refusals += events; }

 private:
  void settled(bool) noexcept override { ++answers; }
};

struct Rig {
  MemoryBudget memory{1 << 26};
  Log log{{.level = LogLevel::Error}};
  BlockPool pool{memory, 4096, 1};
  BatchBuilder builder;
  std::mutex mutex;
  std::mutex taken_mutex;
  std::vector<std::string> taken;
  std::vector<std::string> dead;
  std::atomic<int> writes{0};
  SinkRunner main{
      std::make_unique<PickySink>(taken, PickySink::Options{.writes = &writes}, &taken_mutex),
      {.name = "main"},
      memory,
      log,
      [] {}};
  SinkRunner letters{std::make_unique<PickySink>(dead), {.name = "letters"}, memory, log, [] {}};

  Rig() {
    main.start();
    letters.start();
  }
  void connect(std::size_t letter_bytes_max = limits::kEventBytesCeiling) {
    main.set_dead_letters(std::make_shared<DeadLetters>(
        "main", OwnEvents(memory, 0, nullptr), letters.letters_target(), mutex, letter_bytes_max));
  }
  void end() {
    main.begin_drain(steady_now() + std::chrono::seconds(10));
    main.finish_drain();
    letters.begin_drain(steady_now() + std::chrono::seconds(10));
    letters.finish_drain();
  }
  static SinkBalance balance(const SinkRunner& runner) {
    SinkBalance balance;
    runner.fill(balance);
    return balance;
  }
};

}  // namespace

TEST_CASE("a rejected event goes on with its reason, byte for byte", "[sink]") {
  Rig rig;
  rig.connect();
  const std::string odd("x \"quoted\" \xC3\xA4\n\x01 end");
  const std::string broken("x\xFF\xFE\0z", 5);
  rig.builder.origin("apps", 1'700'000'000'000'000'000);
  rig.main.offer(rig.builder.line("fine").line(odd).line(broken).take(), rig.pool);
  rig.end();

  CHECK(rig.taken == std::vector<std::string>{"fine"});
  REQUIRE(rig.dead.size() == 2);
  const json::value first = json::parse(rig.dead[0]);
  CHECK(first.at("event").as_string() == odd);
  CHECK(first.at("dead_letter").at("reason").as_string() == "too_large");
  CHECK(first.at("dead_letter").at("sink").as_string() == "main");
  CHECK(first.at("dead_letter").at("source").as_string() == "apps");
  CHECK(first.at("dead_letter").at("attempts").to_number<int>() == 1);
  CHECK(first.at("dead_letter").at("received").as_string() == "2023-11-14T22:13:20.000000000Z");
  CHECK(json::parse(rig.dead[1]).at("event_base64").as_string() == "eP/+AHo=");

  const SinkBalance main = Rig::balance(rig.main);
  CHECK(main.delivered == 1);
  CHECK(main.dead_lettered == 2);
  CHECK(main.dropped.total() == 0);
  CHECK(main.imbalance() == 0);
  CHECK(Rig::balance(rig.letters).offered == 2);
}

TEST_CASE("a letter is no longer than an event may be, and never a part of one", "[sink]") {
  Rig rig;
  constexpr std::size_t kLetterBytesMax = 1000;
  rig.connect(kLetterBytesMax);
  CountedReceipt receipt;
  const std::string as_text = 'x' + std::string(700, 'y');
  const std::string as_base64 = 'x' + std::string(500, '\x01');
  const std::string too_long = 'x' + std::string(900, '\x01');
  rig.builder.origin("apps", 1);
  Batch batch = rig.builder.line("x").line(too_long).line(as_text).line(as_base64).take();
  batch.attach(0, ReceiptRef(&receipt));
  rig.main.offer(std::move(batch), rig.pool);
  rig.end();

  REQUIRE(rig.dead.size() == 3);
  for (const std::string& letter : rig.dead) CHECK(letter.size() <= kLetterBytesMax);
  CHECK(json::parse(rig.dead[0]).at("event").as_string() == "x");
  CHECK(json::parse(rig.dead[1]).at("event").as_string() == as_text);
  CHECK(json::parse(rig.dead[2]).at("event_base64").as_string().size() == 668);
  const SinkBalance main = Rig::balance(rig.main);
  CHECK(main.dead_lettered == 3);
  CHECK(main.dropped[Reason::TooLarge] == 1);
  CHECK(main.imbalance() == 0);
  CHECK(Rig::balance(rig.letters).offered == 3);
  CHECK(receipt.answers == 1);
  CHECK(receipt.refusals == 1);
}

TEST_CASE("each event has a letter that has room in a frame of a spool, or none", "[sink]") {
  // The longest event, all of it escaped.
  MemoryBudget memory(std::size_t{1} << 30);
  std::mutex mutex;
  DeadLetters letters("main", OwnEvents(memory, 0, nullptr), DeadLetters::Target(), mutex);
  const bool fits = GENERATE(false, true);
  const std::size_t bytes = limits::kEventBytesCeiling / (fits ? 2 : 1);
  BatchBuilder builder(0, bytes + 4096);
  const std::string event(bytes, '\x01');
  const Batch batch = builder.origin("apps", 1).line("x").line(event).take();
  std::vector<Rejection> rejected{{.index = 1, .reason = Reason::TooLarge},
                                  {.index = 0, .reason = Reason::TooLarge}};
  const std::lock_guard lock(mutex);
  const auto [written, no_memory] = letters.write(batch, rejected, 1);
  CHECK_FALSE(no_memory);
  REQUIRE(written.size() == (fits ? 2U : 1U));
  CHECK(rejected[0].index == (fits ? 1U : 0U));
  for (std::size_t i = 0; i < written.size(); ++i) {
    CHECK(spool::payload_bytes_max(written, i, 1) <= spool::kPayloadBytesMax);
  }
}

TEST_CASE("who waits for an event waits for its dead letter", "[sink]") {
  Rig rig;
  rig.connect();
  CountedReceipt receipt;
  rig.builder.origin("apps", 1);
  Batch batch = rig.builder.line("x rejected").take();
  batch.attach(0, ReceiptRef(&receipt));
  rig.main.offer(std::move(batch), rig.pool);
  rig.end();
  CHECK(receipt.answers == 1);
  CHECK(receipt.refusals == 0);
  CHECK(rig.dead.size() == 1);
}

TEST_CASE("a letter to a sink that never blocks is written at once", "[sink]") {
  Rig rig;
  std::vector<std::string> dead;
  SinkRunner at_once(std::make_unique<PickySink>(dead, PickySink::Options{.never_blocks = true}),
                     {.name = "letters"}, rig.memory, rig.log, [] {});
  at_once.start();
  rig.main.set_dead_letters(std::make_shared<DeadLetters>("main", OwnEvents(rig.memory, 0, nullptr),
                                                          at_once.letters_target(), rig.mutex));
  CountedReceipt receipt;
  rig.builder.origin("apps", 1);
  Batch batch = rig.builder.line("x rejected").take();
  batch.attach(0, ReceiptRef(&receipt));
  rig.main.offer(std::move(batch), rig.pool);
  CHECK(test::await([&] { return Rig::balance(at_once).delivered == 1; }));
  rig.end();
  CHECK(receipt.answers == 1);
  CHECK(dead.size() == 1);
  at_once.begin_drain(steady_now());
  at_once.finish_drain();
}

TEST_CASE("a sink whose letters find no room waits for it, and then goes on", "[sink]") {
  Rig rig;
  std::vector<std::string> dead;
  std::atomic<bool> is_there{false};
  constexpr std::size_t kRoomBytes = 64 << 10;
  constexpr std::size_t kEvents = 1000;
  SinkRunner away(
      std::make_unique<PickySink>(dead, PickySink::Options{.is_there = &is_there}),
      {.name = "letters",
       .buffer_bytes_max = kRoomBytes,
       .retry = {.first = std::chrono::milliseconds(1), .longest = std::chrono::milliseconds(1)}},
      rig.memory, rig.log, [] {});
  away.start();
  rig.main.set_dead_letters(std::make_shared<DeadLetters>("main", OwnEvents(rig.memory, 0, nullptr),
                                                          away.letters_target(), rig.mutex));
  rig.builder.origin("apps", 1);
  for (std::size_t i = 0; i < kEvents; ++i) {
    rig.main.offer(rig.builder.line("x" + std::string(1000, '.')).take(), rig.pool);
  }
  REQUIRE(test::await([&] { return away.under_pressure(); }));
  const auto is_over = [&] { return Rig::balance(away).buffer_bytes > 2 * kRoomBytes; };
  int looks = 0;
  REQUIRE(test::await([&] { return is_over() || ++looks == 100; }));
  CHECK_FALSE(is_over());
  CHECK_FALSE(rig.main.idle());
  is_there = true;
  CHECK(test::await([&] { return Rig::balance(away).delivered == kEvents; }));
  rig.end();
  away.begin_drain(steady_now());
  REQUIRE(test::await([&] { return away.drained(); }));
  away.finish_drain();
  CHECK(dead.size() == kEvents);
  CHECK(Rig::balance(rig.main).imbalance() == 0);
}

TEST_CASE("once dead letters go elsewhere none goes to the former place", "[sink]") {
  Rig rig;
  std::vector<std::string> elsewhere;
  SinkRunner other(std::make_unique<PickySink>(elsewhere), {.name = "other"}, rig.memory, rig.log,
                   [] {});
  other.start();
  rig.connect();
  rig.builder.origin("apps", 1);
  {
    const std::lock_guard no_letter_moves(rig.mutex);
    rig.main.offer(rig.builder.line("x rejected").line("fine").take(), rig.pool);
    // The sink is done with the batch; its runner waits for the lock.
    const auto is_written = [&] {
      const std::lock_guard lock(rig.taken_mutex);
      return !rig.taken.empty();
    };
    CHECK(test::await(is_written));
    rig.main.set_dead_letters(std::make_shared<DeadLetters>(
        "main", OwnEvents(rig.memory, 0, nullptr), other.letters_target(), rig.mutex));
  }
  rig.end();
  other.begin_drain(steady_now() + std::chrono::seconds(10));
  other.finish_drain();
  CHECK(rig.dead.empty());
  CHECK(elsewhere.size() == 1);
}

TEST_CASE("without a sink for dead letters a rejected event is dropped, and refused", "[sink]") {
  Rig rig;
  CountedReceipt receipt;
  rig.builder.origin("apps", 1);
  Batch batch = rig.builder.line("x rejected").take();
  batch.attach(0, ReceiptRef(&receipt));
  rig.main.offer(std::move(batch), rig.pool);
  rig.end();
  CHECK(receipt.answers == 1);
  CHECK(receipt.refusals == 1);
  CHECK(Rig::balance(rig.main).dropped[Reason::TooLarge] == 1);
}

TEST_CASE("the first event after a loss says how many were lost, and why", "[sink]") {
  MemoryBudget memory(1 << 20);
  BatchBuilder builder(0, 4096);
  Buffer buffer(4096, WhenFull::DropNewest);
  buffer.announce_losses("out", OwnEvents(memory, 0, nullptr));
  const auto offer = [&](const char* text) {
    buffer.offer(builder.origin("in", 1).line(text).take());
  };
  const auto take = [&] {
    auto taken = buffer.take(8);
    REQUIRE(taken);
    const std::string text(taken->batch.events()[0].bytes());
    buffer.settle(std::move(taken->batch), taken->ticket, {.delivered = true}, wall_clock_ns());
    return text;
  };
  offer("a");
  offer("lost");
  offer("lost too");
  const json::value notice = json::parse(take());
  CHECK(notice.at("weir").as_string() == "loss");
  CHECK(notice.at("sink").as_string() == "out");
  CHECK(notice.at("lost").to_number<int>() == 2);
  CHECK(notice.at("reasons").at("buffer_full").to_number<int>() == 2);
  CHECK(notice.at("from").as_string() <= notice.at("to").as_string());
  CHECK(take() == "a");
  offer("b");
  CHECK(take() == "b");  // Told once.

  SinkBalance balance;
  buffer.fill(balance, wall_clock_ns());
  CHECK(balance.notices == 1);
  CHECK(balance.offered == 5);
  CHECK(balance.delivered == 3);
  CHECK(balance.imbalance() == 0);
}

TEST_CASE("what a sink rejects after it was given up is no dead letter", "[sink]") {
  auto& rig = *new Rig;  // Its thread is let go of.
  static const Rig* kept = nullptr;
  kept = &rig;
  rig.connect();
  {
    const std::lock_guard stuck(rig.taken_mutex);
    rig.main.offer(rig.builder.origin("apps", 1).line("x").take(), rig.pool);
    REQUIRE(test::await([&] { return rig.writes == 1; }));
    rig.main.begin_drain(steady_now());
    CHECK(rig.main.finish_drain());
    CHECK(rig.main.is_stuck());
    rig.connect();  // As a reload may.
  }
  CHECK(test::await([&] { return rig.main.drained(); }));
  rig.letters.begin_drain(steady_now());
  CHECK(rig.letters.finish_drain());
  const SinkBalance main = Rig::balance(kept->main);
  CHECK(main.dropped[Reason::Shutdown] == 1);
  CHECK(main.dead_lettered == 0);
  CHECK(Rig::balance(kept->letters).offered == 0);
}
