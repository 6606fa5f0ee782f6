// Rejected events that go on to another sink, and losses that a sink is told of.

#include "router/sink/dead_letters.hpp"

#include <boost/json.hpp>
#include <mutex>
#include <string>
#include <vector>

#include "router/base/clock.hpp"
#include "router/sink/buffer.hpp"
#include "router/sink/runner.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"

using namespace weir;
using weir::test::BatchBuilder;

namespace json = boost::json;

namespace {

/// Rejects what begins with an 'x'; takes the rest.
class PickySink final : public Sink {
 public:
  explicit PickySink(std::vector<std::string>& taken) : taken_(taken) {}
  SinkTraits traits() const noexcept override { return {.settles_in_write = true}; }
  Result<void> open() override { return {}; }
  void write(Delivery delivery) override {
    const auto events = delivery.batch().events();
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (events[i].size != 0 && events[i].data[0] == 'x') {
        delivery.reject(i, Reason::TooLarge);
      } else {
        taken_.emplace_back(events[i].bytes());
      }
    }
    std::move(delivery).delivered();
  }
  void poll(std::chrono::milliseconds) override {}
  void close(SteadyTime) noexcept override {}

 private:
  std::vector<std::string>& taken_;
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
  std::vector<std::string> taken;
  std::vector<std::string> dead;
  SinkRunner main{std::make_unique<PickySink>(taken), {.name = "main"}, memory, log, [] {}};
  SinkRunner letters{std::make_unique<PickySink>(dead), {.name = "letters"}, memory, log, [] {}};

  Rig() {
    main.start();
    letters.start();
  }
  void connect() {
    main.set_dead_letters(std::make_shared<DeadLetters>(
        "main", OwnEvents(memory, 0, nullptr),
        [this](Batch batch) { letters.offer_own(std::move(batch)); }, mutex));
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
