// `retain`: what was delivered stays on disk for a while, is not delivered again, and holds up
// nothing.

#include <algorithm>
#include <deque>
#include <filesystem>
#include <set>

#include "tests/support/temp_dir.hpp"
#include "tests/unit/sink/spool_rig.hpp"
#include "tests/unit/spool/spool_fixture.hpp"

using namespace weir;
using namespace weir::test;
using std::chrono::hours;

namespace {

/// What the events that are kept begin with.
std::vector<std::string> kept(const std::string& directory) {
  std::vector<std::string> texts;
  for (const std::string& event : read_kept(directory)) {
    texts.push_back(event.substr(0, event.find('.')));
  }
  return texts;
}

Rig rig_that_keeps(const std::string& directory, WhenFull when_full = WhenFull::Spool,
                   std::uint64_t spool_bytes = 1 << 24) {
  return Rig(directory, when_full, WhenSpoolFull::Block, spool_bytes, hours(1));
}

/// Offers one at a time, so that memory is enough, and delivers each.
void pass_through(Rig& rig, int first, int count) {
  for (int i = first; i < first + count; ++i) {
    // A copy is made where there is room: the writer is to keep up in this test.
    REQUIRE(await([&] { return rig.balance().buffer_bytes < kBufferBytes / 4; }));
    rig.offer_numbers(i, 1);
    CHECK(rig.deliver() == numbers(i, 1));
  }
}

}  // namespace

TEST_CASE("what is delivered from memory is kept, and does not come again", "[spool]") {
  const TempDir dir;
  {
    Rig rig = rig_that_keeps(dir / "s");
    pass_through(rig, 0, 60);
    CHECK(rig.balance().not_kept == 0);
    rig.end();
    CHECK(rig.balance().imbalance() == 0);
  }
  CHECK(kept(dir / "s") == numbers(0, 60));
  {
    Rig rig = rig_that_keeps(dir / "s");
    CHECK(rig.balance().recovered == 0);
    pass_through(rig, 60, 20);
    rig.end();
  }
  CHECK(kept(dir / "s") == numbers(0, 80));
  Rig rig(dir / "s");  // Without `retain` it goes.
  rig.end();
  CHECK(kept(dir / "s").size() < 40);
}

TEST_CASE("what goes by way of the disk is kept as well", "[spool]") {
  const TempDir dir;
  {
    Rig rig = rig_that_keeps(dir / "s");
    rig.offer_numbers(0, 200);
    CHECK(rig.deliver() == numbers(0, 200));
    CHECK(rig.balance().imbalance() == 0);
    rig.end();
  }
  std::vector<std::string> found = kept(dir / "s");
  const std::set<std::string> different(found.begin(), found.end());
  // What memory took while half of the buffer was on its way may be left out.
  CHECK(different.size() == found.size());
  CHECK(found.size() > 150);
}

TEST_CASE("an end keeps what was delivered and delivers the rest once", "[spool]") {
  const TempDir dir;
  int delivered = 0;
  for (int run = 0; run < 8; ++run) {
    Rig rig = rig_that_keeps(dir / "s");
    rig.offer_numbers(run * 6, 6);
    if (run % 3 == 1) rig.await_written();
    if (run % 2 == 1) {
      const std::vector<std::string> some = rig.deliver(5);
      CHECK(some == numbers(delivered, static_cast<int>(some.size())));
      delivered += static_cast<int>(some.size());
    }
    rig.end();
    CHECK(rig.balance().imbalance() == 0);
  }
  Rig rig = rig_that_keeps(dir / "s");
  CHECK(rig.deliver() == numbers(delivered, 48 - delivered));
  rig.end();
}

TEST_CASE("one that comes back while its neighbours are delivered is alone in coming again",
          "[spool]") {
  const TempDir dir;
  {
    Rig rig = rig_that_keeps(dir / "s");
    rig.offer_numbers(0, 4);
    rig.await_written();
    std::deque<Ticketed> taken;
    while (auto next = rig.buffer.take(4)) taken.push_back(std::move(*next));
    REQUIRE(taken.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
      const Fate fate{.delivered = i != 1};
      rig.buffer.settle(std::move(taken[i].batch), taken[i].ticket, fate, 1);
    }
    rig.end();
    CHECK(rig.balance().in_spool == 1);
  }
  CHECK(kept(dir / "s") == numbers(0, 4));
  Rig rig = rig_that_keeps(dir / "s");
  CHECK(rig.deliver() == numbers(1, 1));
  rig.end();
}

TEST_CASE("what a kill finds on disk is delivered, and is kept", "[spool]") {
  const TempDir dir;
  {
    Rig rig = rig_that_keeps(dir / "s");
    pass_through(rig, 0, 6);
    rig.offer_numbers(6, 3);
    // Their copies are written: what is left in memory are they themselves.
    REQUIRE(await([&] { return rig.balance().buffer_bytes < 4 * kBlockBytes; }));
    std::filesystem::copy(dir.path() / "s", dir.path() / "copy");  // As a kill leaves it.
    rig.deliver();
    rig.end();
  }
  Rig rig = rig_that_keeps(dir / "copy");
  const std::vector<std::string> again = rig.deliver();
  REQUIRE(again.size() >= 3);
  const auto count = static_cast<int>(again.size());
  CHECK(again == numbers(9 - count, count));
  rig.end();
  CHECK(kept(dir / "copy") == numbers(0, 9));
}

TEST_CASE("copies that find no room are left out and counted; nothing waits for them", "[spool]") {
  const TempDir dir;
  Rig rig = rig_that_keeps(dir / "s", WhenFull::Block);
  // More at once than half of the buffer has room for.
  for (int i = 0; i < 30; ++i) rig.offer_numbers(i, 1);
  CHECK(rig.balance().not_kept != 0);
  const std::uint64_t not_kept = rig.balance().not_kept;
  CHECK(rig.deliver() == numbers(0, 30));
  CHECK_FALSE(rig.buffer.under_pressure());
  CHECK(rig.balance().dropped.total() == 0);
  rig.end();
  CHECK(rig.balance().not_kept == not_kept);
  CHECK(kept(dir / "s").size() == 30 - not_kept);
}

TEST_CASE("at spool.bytes the oldest that is kept goes, and delivery goes on", "[spool]") {
  const TempDir dir;
  {
    Rig rig = rig_that_keeps(dir / "s", WhenFull::Spool, 192 * 1024);
    pass_through(rig, 0, 150);
    CHECK(rig.spool.trouble().empty());
    CHECK(rig.balance().not_kept == 0);
    rig.end();
  }
  const std::vector<std::string> found = kept(dir / "s");
  REQUIRE(found.size() > 20);
  const auto count = static_cast<int>(found.size());
  CHECK(count < 100);
  CHECK(found == numbers(150 - count, count));
}

TEST_CASE("what waits is never given up for what is kept", "[spool]") {
  const TempDir dir;
  Rig rig = rig_that_keeps(dir / "s", WhenFull::Spool, 256 * 1024);
  pass_through(rig, 0, 60);
  int offered = 60;
  while (!rig.buffer.under_pressure() || rig.spool.trouble().empty()) {
    if (rig.buffer.under_pressure()) continue;  // As a source would.
    rig.offer_numbers(offered++, 1);
    REQUIRE(offered < 1000);
  }
  CHECK(rig.deliver() == numbers(60, offered - 60));
  CHECK(rig.balance().dropped.total() == 0);
  CHECK(rig.balance().imbalance() == 0);
  rig.end();
}

TEST_CASE("who waits for the disk is told, though what it brought is kept as well", "[spool]") {
  const TempDir dir;
  {
    Rig rig = rig_that_keeps(dir / "s");
    std::deque<NotedReceipt> receipts;
    for (int i = 0; i < 10; ++i) {
      REQUIRE(await([&] { return rig.balance().buffer_bytes < kBufferBytes / 4; }));
      rig.offer(std::to_string(i), &receipts.emplace_back(Ack::Durable));
      if (i % 2 == 0) REQUIRE(await([&] { return receipts.back().answered.load(); }));
      CHECK(rig.deliver(1).size() == 1);
    }
    // Confirmed by the sink, or on disk: whichever came first.
    for (const NotedReceipt& receipt : receipts) {
      CHECK(await([&] { return receipt.answered && receipt.was_whole; }));
    }
    rig.end();
  }
  CHECK(kept(dir / "s") == numbers(0, 10));
}

TEST_CASE("a sink that drops the oldest does so though they are on disk", "[spool]") {
  const TempDir dir;
  {
    Rig rig = rig_that_keeps(dir / "s", WhenFull::DropOldest);
    for (int i = 0; i < 100; ++i) rig.offer_numbers(i, 1);
    CHECK(rig.balance().dropped[Reason::BufferFull] > 50);
    const std::vector<std::string> delivered = rig.deliver();
    CHECK(delivered.back() == "99");
    CHECK(rig.balance().imbalance() == 0);
    rig.end();
  }
  Rig rig = rig_that_keeps(dir / "s", WhenFull::DropOldest);
  CHECK(rig.balance().recovered == 0);
  rig.end();
}
