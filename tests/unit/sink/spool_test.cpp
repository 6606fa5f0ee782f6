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
    auto first = rig.buffer.take(4);
    auto second = rig.buffer.take(4);
    REQUIRE((first && second));
    rig.buffer.settle(std::move(second->batch), second->ticket, {}, 1);
    rig.buffer.settle(std::move(first->batch), first->ticket, {}, 1);
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
  CHECK(rig.deliver() == std::vector<std::string>{"first", "second"});
  rig.end();
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
  for (const NotedReceipt& receipt : receipts) CHECK((receipt.answered && receipt.was_whole));

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
  auto taken = rig.buffer.take(4);
  REQUIRE(taken);
  Fate fate{.delivered = true};
  fate.rejected.push_back({0, Reason::TooLarge});
  rig.buffer.settle(std::move(taken->batch), taken->ticket, fate, 1);
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
