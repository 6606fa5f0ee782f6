// The Buffer and its Spool together: what goes to disk, in which order it comes back, and when
// those who wait for it are told.

#include "router/sink/spool.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temp_dir.hpp"
#include "tests/unit/sink/spool_rig.hpp"
#include "tests/unit/spool/spool_fixture.hpp"

using namespace weir;
using namespace weir::test;

TEST_CASE("while a sink keeps up nothing is written", "[spool]") {
  const TempDir dir;
  Rig rig(dir / "s");
  for (int i = 0; i < 100; ++i) {
    rig.offer_numbers(i, 1);
    CHECK(rig.deliver() == numbers(i, 1));
  }
  rig.end();
  CHECK(dir.files() == std::vector<std::string>{"s/cursor", "s/lock"});
  CHECK(rig.balance().imbalance() == 0);
}

TEST_CASE("what memory has no room for goes to disk and comes back in order", "[spool]") {
  const TempDir dir;
  Rig rig(dir / "s");
  rig.offer_numbers(0, 200);
  REQUIRE(await([&] { return rig.balance().in_spool > 150; }));
  CHECK(rig.balance().imbalance() == 0);
  CHECK(await([&] { return rig.balance().buffer_bytes <= kBufferBytes + 2 * kBlockBytes; }));
  const auto first = static_cast<int>(rig.deliver(50).size());
  rig.offer_numbers(200, 100);
  CHECK(rig.deliver() == numbers(first, 300 - first));
  CHECK(rig.balance().delivered == 300);
  CHECK(rig.balance().in_spool == 0);
  CHECK(rig.balance().imbalance() == 0);
  rig.end();
}

TEST_CASE("once all is read back, memory is enough again", "[spool]") {
  const TempDir dir;
  Rig rig(dir / "s");
  rig.offer_numbers(0, 60);
  CHECK(rig.deliver() == numbers(0, 60));
  const std::size_t files = dir.files().size();
  for (int i = 60; i < 200; ++i) {
    rig.offer_numbers(i, 1);
    CHECK(rig.deliver() == numbers(i, 1));
  }
  CHECK(rig.balance().in_spool == 0);
  CHECK(dir.files().size() <= files);
  rig.end();
}

TEST_CASE("a clean end puts everything on disk, and the next run delivers it in order", "[spool]") {
  const TempDir dir;
  for (const int count : {3, 12, 200}) {
    {
      Rig rig(dir / "s");
      rig.offer_numbers(0, count);
      rig.end();
      CHECK(rig.balance().in_spool == static_cast<std::uint64_t>(count));
      CHECK(rig.balance().in_memory == 0);
      CHECK(rig.balance().dropped.total() == 0);
      CHECK(rig.balance().imbalance() == 0);
    }
    Rig rig(dir / "s");
    CHECK(rig.balance().recovered == static_cast<std::uint64_t>(count));
    rig.offer_numbers(count, 10);
    CHECK(rig.deliver() == numbers(0, count + 10));
    CHECK(rig.balance().imbalance() == 0);
    rig.end();
  }
}

TEST_CASE("what came back from a sink goes to disk at the end before what waited behind it",
          "[spool]") {
  const TempDir dir;
  {
    Rig rig(dir / "s");
    rig.offer_numbers(0, 100);
    rig.await_written();
    Ticketed first = rig.take();
    Ticketed second = rig.take();
    rig.buffer.settle(std::move(second.batch), second.ticket, {}, 1);
    rig.buffer.settle(std::move(first.batch), first.ticket, {}, 1);
    rig.end();
  }
  Rig rig(dir / "s");
  CHECK(rig.deliver() == numbers(0, 100));
  rig.end();
}

TEST_CASE("several ends in a row keep the order", "[spool]") {
  const TempDir dir;
  int delivered = 0;
  for (int run = 0; run < 6; ++run) {
    Rig rig(dir / "s");
    rig.offer_numbers(run * 20, 20);
    if (run % 2 == 1) {
      const std::vector<std::string> some = rig.deliver(5);
      CHECK(some == numbers(delivered, static_cast<int>(some.size())));
      delivered += static_cast<int>(some.size());
    }
    rig.end();
    CHECK(rig.balance().imbalance() == 0);
  }
  Rig rig(dir / "s");
  CHECK(rig.deliver() == numbers(delivered, 120 - delivered));
  rig.end();
}

TEST_CASE("who wants to know it on disk is told when it is, though the sink is away", "[spool]") {
  const TempDir dir;
  Rig rig(dir / "s");
  NotedReceipt receipt(Ack::Durable);
  rig.offer("durable", &receipt);
  REQUIRE(await([&] { return receipt.answered.load(); }));
  CHECK(receipt.was_whole);
  CHECK(rig.balance().in_memory == 1);
  CHECK(dir.files().size() == 3);
  CHECK(rig.deliver() == std::vector<std::string>{"durable"});
  rig.end();
  Rig again(dir / "s");
  CHECK(again.balance().recovered == 0);
  again.end();
}

TEST_CASE("what came before the spool could be opened goes to disk as well", "[spool]") {
  // A sink waits for its predecessor, which has the spool, and may have left something in it.
  const TempDir dir;
  const bool has_region = GENERATE(false, true);
  if (has_region) {
    Rig rig(dir / "spool");
    rig.offer_numbers(-2, 2);
    rig.end();
  }
  NotedReceipt durable(Ack::Durable);
  BatchBuilder builder(0, kBlockBytes);
  MemoryBudget memory(1 << 24);
  Log log({.level = LogLevel::Error});
  {
    Buffer buffer(kBufferBytes, WhenFull::Spool);
    Spool spool("out", {.log = {.directory = dir / "spool", .segment_bytes = 64 * 1024}}, buffer,
                memory, log, [] {});
    buffer.offer(builder.origin("in", 1).line("0").take());
    Batch batch = builder.origin("in", 1).line("1").take();
    batch.attach(0, ReceiptRef(&durable));
    buffer.offer(std::move(batch));
    buffer.offer(builder.origin("in", 1).line("2").take());
    REQUIRE(spool.open().has_value());
    CHECK(await([&] { return durable.answered.load(); }));
    CHECK(durable.was_whole);
    spool.finish();
    buffer.abandon();
  }
  Rig rig(dir / "spool");
  CHECK(rig.balance().recovered == (has_region ? 5U : 3U));
  CHECK(rig.deliver() == numbers(has_region ? -2 : 0, has_region ? 5 : 3));
  rig.end();
}

TEST_CASE("what was durable is delivered after the process died", "[spool]") {
  const TempDir dir;
  {
    Rig rig(dir / "s");
    NotedReceipt first(Ack::Durable);
    NotedReceipt second(Ack::Durable);
    rig.offer("first", &first);
    rig.offer("never promised");
    rig.offer("second", &second);
    REQUIRE(await([&] { return first.answered && second.answered; }));
    std::filesystem::copy(dir.path() / "s", dir.path() / "copy");  // As a kill leaves it.
    rig.end();
  }
  Rig rig(dir / "copy");
  std::vector<std::string> found = rig.deliver();
  std::erase(found, "never promised");  // What waits for a second is there, too.
  CHECK(found == std::vector<std::string>{"first", "second"});
  rig.end();
}

namespace {

/// Waits until so many events of the spool "s" are on disk, and copies it to "killed", as a kill
/// would leave it.
void kill_with(const TempDir& dir, std::size_t events) {
  const auto copy_to = [&](const char* name) {
    std::filesystem::remove_all(dir.path() / name);
    std::filesystem::copy(dir.path() / "s", dir.path() / name);
  };
  REQUIRE(await([&] {
    copy_to("looked at");
    return read_spool(dir / "looked at").events.size() == events;
  }));
  copy_to("killed");
}

}  // namespace

TEST_CASE("while a sink is away what comes is on disk, though memory has room for it", "[spool]") {
  const TempDir dir;
  {
    Rig rig(dir / "s");
    rig.offer_numbers(0, 1);
    // It takes it, and answers nothing for a second.
    auto held = rig.buffer.take(1);
    REQUIRE(held.has_value());
    const SteadyTime away = steady_now() + std::chrono::seconds(1);
    REQUIRE(await([&] { return steady_now() >= away; }));
    rig.offer_numbers(1, 3);
    kill_with(dir, 3);
    CHECK(rig.balance().in_memory == 4);
    CHECK(rig.balance().in_spool == 0);
    CHECK(rig.balance().not_kept == 0);
    // It is back, and nothing more is written.
    rig.buffer.settle(std::move(held->batch), held->ticket, {.delivered = true}, wall_clock_ns());
    CHECK(rig.deliver() == numbers(1, 3));
    rig.offer_numbers(4, 1);
    CHECK_FALSE(rig.buffer.has_jobs());
    CHECK(rig.deliver() == numbers(4, 1));
    CHECK(rig.balance().imbalance() == 0);
    rig.end();
  }
  {
    Rig killed(dir / "killed");
    CHECK(killed.balance().recovered == 3);
    CHECK(killed.deliver() == numbers(1, 3));
    killed.end();
  }
  Rig ended(dir / "s");
  CHECK(ended.balance().recovered == 0);
  ended.end();
}

TEST_CASE("a clean end while a sink is away keeps the order of what is on disk and what is not",
          "[spool]") {
  const TempDir dir;
  {
    Rig rig(dir / "s");
    rig.offer_numbers(0, 1);
    const SteadyTime away = steady_now() + std::chrono::seconds(1);
    REQUIRE(await([&] { return steady_now() >= away; }));
    rig.offer_numbers(1, 41);  // More than memory holds.
    kill_with(dir, 41);
    rig.end();
    CHECK(rig.balance().imbalance() == 0);
  }
  for (const char* const name : {"s", "killed"}) {
    Rig rig(dir / name);
    const std::vector<std::string> delivered = rig.deliver();
    // What came before it was known to be away was in memory alone.
    const int first = name == std::string("s") ? 0 : 1;
    CHECK(delivered == numbers(first, 42 - first));
    CHECK(rig.balance().imbalance() == 0);
    rig.end();
  }
}

TEST_CASE("who waits for the delivery is not told by the disk", "[spool]") {
  const TempDir dir;
  Rig rig(dir / "s");
  rig.offer_numbers(0, 50);
  std::deque<NotedReceipt> receipts;
  for (int i = 50; i < 60; ++i) {
    rig.offer(std::to_string(i), &receipts.emplace_back(Ack::Delivered));
  }
  REQUIRE(await([&] { return rig.balance().in_spool >= 50; }));
  for (const NotedReceipt& receipt : receipts) CHECK_FALSE(receipt.answered);
  rig.deliver();
  for (const NotedReceipt& receipt : receipts) {
    // The writer may still have the group in its hands that it took last.
    REQUIRE(await([&] { return receipt.answered.load(); }));
    CHECK(receipt.was_whole);
  }

  // Those that an end leaves on disk: nobody is told that they arrived.
  std::deque<NotedReceipt> late;
  for (int i = 0; i < 60; ++i) rig.offer("late", &late.emplace_back(Ack::Delivered));
  rig.end();
  for (const NotedReceipt& receipt : late) CHECK_FALSE(receipt.was_whole);
}

TEST_CASE("a rejected event is refused to those who wait for it, also on its way to disk",
          "[spool]") {
  const TempDir dir;
  Rig rig(dir / "s");
  NotedReceipt delivered(Ack::Delivered);
  rig.offer("rejected", &delivered);
  Ticketed taken = rig.take();
  Fate fate{.delivered = true};
  fate.rejected.push_back({0, Reason::TooLarge});
  rig.buffer.settle(std::move(taken.batch), taken.ticket, fate, 1);
  CHECK(delivered.answered);
  CHECK(delivered.refusals == 1);
  rig.end();
}

TEST_CASE("a spool at its limit presses back, and nothing is lost", "[spool]") {
  const TempDir dir;
  Rig rig(dir / "s", WhenFull::Spool, WhenSpoolFull::Block, 256 * 1024);
  int offered = 0;
  while (!rig.buffer.under_pressure() || rig.spool.trouble().empty()) {
    if (rig.buffer.under_pressure()) continue;  // As a source would.
    rig.offer_numbers(offered++, 1);
    REQUIRE(offered < 1000);
  }
  CHECK(rig.balance().dropped.total() == 0);
  CHECK(rig.deliver() == numbers(0, offered));
  CHECK(await([&] { return rig.spool.trouble().empty() && !rig.buffer.under_pressure(); }));
  CHECK(rig.balance().imbalance() == 0);
  rig.end();
}

TEST_CASE("a spool at its limit that drops the oldest keeps the newest, and counts", "[spool]") {
  const TempDir dir;
  Rig rig(dir / "s", WhenFull::Spool, WhenSpoolFull::DropOldest, 256 * 1024);
  for (int i = 0; i < 400; ++i) {
    REQUIRE(await([&] { return !rig.buffer.under_pressure(); }));
    rig.offer_numbers(i, 1);
  }
  rig.await_written();
  const std::vector<std::string> delivered = rig.deliver();
  CHECK(delivered.back() == "399");
  CHECK(delivered.size() < 400);
  const SinkBalance balance = rig.balance();
  CHECK(balance.dropped[Reason::SpoolFull] == 400 - delivered.size());
  CHECK(balance.imbalance() == 0);
  rig.end();
}

TEST_CASE("a spool at its limit that drops the newest keeps what it promised", "[spool]") {
  const TempDir dir;
  Rig rig(dir / "s", WhenFull::Spool, WhenSpoolFull::DropNewest, 256 * 1024);
  for (int i = 0; i < 200; ++i) rig.offer_numbers(i, 1);
  REQUIRE(await([&] { return rig.balance().dropped[Reason::SpoolFull] != 0; }));
  const std::vector<std::string> delivered = rig.deliver();
  const SinkBalance balance = rig.balance();
  CHECK(balance.dropped[Reason::SpoolFull] == 200 - delivered.size());
  CHECK(balance.imbalance() == 0);
  rig.end();
}

TEST_CASE("a sink that drops still puts on disk what was promised to be there", "[spool]") {
  const TempDir dir;
  Rig rig(dir / "s", WhenFull::DropOldest);
  std::deque<NotedReceipt> receipts;
  for (int i = 0; i < 60; ++i) {
    rig.offer(std::to_string(i), &receipts.emplace_back(Ack::Durable));
    rig.offer("unpromised");
  }
  REQUIRE(await([&] {
    return std::all_of(receipts.begin(), receipts.end(),
                       [](const NotedReceipt& receipt) { return receipt.answered.load(); });
  }));
  std::vector<std::string> delivered = rig.deliver();
  std::erase(delivered, "unpromised");
  CHECK(delivered == numbers(0, 60));
  CHECK(rig.balance().imbalance() == 0);
  rig.end();
}
