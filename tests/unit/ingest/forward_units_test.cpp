// Chunks and those who wait for them: acknowledged once, to everybody who asked.

#include "router/ingest/forward_units.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace weir;
using Begin = ForwardUnits::Begin;

namespace {

/// A shard with its box, whose io_context runs when the test says so.
struct Shard {
  boost::asio::io_context io;
  int wakes = 0;
  std::shared_ptr<AnswerBox> box = std::make_shared<AnswerBox>(io, [this] { ++wakes; });
};

std::shared_ptr<ForwardUnits> units(std::size_t keys_max = 100) {
  return std::make_shared<ForwardUnits>(
      "in", std::make_shared<SeenKeys>(SeenKeys::Limits{.keys_max = keys_max}));
}

}  // namespace

TEST_CASE("a chunk is answered when its last event is, and then known", "[ingest]") {
  Shard shard;
  const auto all = units();
  REQUIRE(all->begin("a", 1, shard.box) == Begin::New);
  {
    const ReceiptRef receipt = all->receipt("a", Ack::Delivered);
    const ReceiptRef of_a_sink = receipt;
    CHECK(all->begin("a", 2, shard.box) == Begin::InFlight);
    CHECK(shard.box->take().empty());
  }
  const auto answers = shard.box->take();
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].connection == 1);
  CHECK(answers[1].connection == 2);
  for (const ForwardAnswer& answer : answers) {
    CHECK(answer.chunk == "a");
    CHECK(answer.whole);
  }
  CHECK(all->begin("a", 3, shard.box) == Begin::Seen);
  shard.io.run();
  CHECK(shard.wakes == 1);  // Once for both.
}

TEST_CASE("a chunk that was given up or refused is not acknowledged, and may come again",
          "[ingest]") {
  Shard shard;
  const auto all = units();
  const bool is_given_up = GENERATE(true, false);
  REQUIRE(all->begin("a", 1, shard.box) == Begin::New);
  {
    const ReceiptRef receipt = all->receipt("a", Ack::Durable);
    if (is_given_up) {
      receipt->forsake();
    } else {
      receipt->refused(Reason::Rejected, 1);
    }
  }
  const auto answers = shard.box->take();
  REQUIRE(answers.size() == 1);
  CHECK_FALSE(answers[0].whole);
  CHECK(all->begin("a", 1, shard.box) == Begin::New);
}

TEST_CASE("shards are told of their own connections", "[ingest]") {
  Shard first;
  Shard second;
  const auto all = units();
  REQUIRE(all->begin("a", 1, first.box) == Begin::New);
  REQUIRE(all->begin("a", 1, second.box) == Begin::InFlight);
  all->settle("a", true);
  CHECK(first.box->take().size() == 1);
  CHECK(second.box->take().size() == 1);
}

TEST_CASE("with a directory chunks are known after a restart, and answered once on disk",
          "[ingest]") {
  const test::TempDir directory;
  Shard shard;
  for (const Begin expected : {Begin::New, Begin::Seen}) {
    Io io;
    auto names = SeenKeys::open({.keys_max = 100}, directory / "keys", io);
    REQUIRE(names.has_value());
    const auto all =
        std::make_shared<ForwardUnits>("in", std::shared_ptr<SeenKeys>(std::move(*names)));
    REQUIRE(all->begin("a", 1, shard.box) == expected);
    if (expected == Begin::Seen) break;
    all->settle("a", true);
    all->await_confirmed(steady_now() + std::chrono::seconds(20));
    CHECK(shard.box->take().size() == 1);
  }
}

TEST_CASE("more in flight than the window holds are not taken", "[ingest]") {
  Shard shard;
  const auto all = units(2);
  CHECK(all->begin("a", 1, shard.box) == Begin::New);
  CHECK(all->begin("b", 1, shard.box) == Begin::New);
  CHECK(all->begin("c", 1, shard.box) == Begin::Full);
  all->settle("a", true);
  CHECK(all->begin("c", 1, shard.box) == Begin::New);
}

TEST_CASE("answers that come when the shard's part is gone wake nobody", "[ingest]") {
  Shard shard;
  const auto all = units();
  REQUIRE(all->begin("a", 1, shard.box) == Begin::New);
  ReceiptRef receipt = all->receipt("a", Ack::Delivered);
  shard.box->close();
  receipt = {};
  shard.io.run();
  CHECK(shard.wakes == 0);
}
