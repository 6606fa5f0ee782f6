// The Buffer and its Spool together: what goes to disk, in which order it comes back, and when
// those who wait for it are told.

#include "router/sink/spool.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "router/base/clock.hpp"
#include "tests/support/await.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace weir;
using namespace weir::test;

namespace {

/// Remembers how it was answered.
class NotedReceipt final : public Receipt {
 public:
  explicit NotedReceipt(Ack ack) : Receipt(ack) {}
  std::atomic<bool> answered{false};
  std::atomic<bool> was_whole{false};
  std::atomic<std::uint64_t> refusals{0};

  void refused(Reason, std::uint64_t events) noexcept override { refusals += events; }

 private:
  void settled(bool whole) noexcept override {
    was_whole = whole;
    answered = true;
  }
};

constexpr std::size_t kBlockBytes = 4096;
constexpr std::size_t kBufferBytes = 16 * kBlockBytes;

/// A buffer with its spool in a directory, and a sink's hands.
class Rig {
 public:
  explicit Rig(const std::string& directory, WhenFull when_full = WhenFull::Spool,
               WhenSpoolFull when_spool_full = WhenSpoolFull::Block,
               std::uint64_t spool_bytes = 1 << 24)
      : buffer(kBufferBytes, when_full),
        spool("out", options(directory, when_spool_full, spool_bytes), buffer, memory_, log_,
              [] {}) {
    const Result<void> opened = spool.open();
    REQUIRE(opened.has_value());
  }

  /// An event that fills most of a block, so that few of them fill the buffer.
  void offer(const std::string& text, Receipt* receipt = nullptr) {
    Batch batch = builder_.origin("in", 1).line(text + std::string(3000, '.')).take();
    if (receipt != nullptr) batch.attach(0, ReceiptRef(receipt));
    buffer.offer(std::move(batch));
    buffer.wake();
  }
  void offer_numbers(int first, int count) {
    for (int i = first; i < first + count; ++i) offer(std::to_string(i));
  }

  /// Takes, reading back where needed, and delivers, until at least so many are, or all. Returns
  /// what the events began with.
  std::vector<std::string> deliver(std::size_t events_min = 100'000) {
    std::vector<std::string> delivered;
    const SteadyTime deadline = steady_now() + std::chrono::seconds(20);
    while (delivered.size() < events_min && steady_now() < deadline) {
      auto next = buffer.take(4);
      if (!next) {
        if (spool.read_back() == Spool::Reading::Read) continue;
        const SinkBalance now = balance();
        if (now.in_memory + now.in_spool == 0) break;
        continue;  // The writer has it.
      }
      for (const Event& event : next->batch.events()) {
        delivered.emplace_back(event.bytes().substr(0, event.bytes().find('.')));
      }
      buffer.settle(std::move(next->batch), next->ticket, {.delivered = true}, wall_clock_ns());
    }
    return delivered;
  }

  SinkBalance balance() const {
    SinkBalance balance;
    buffer.fill(balance, wall_clock_ns());
    return balance;
  }

  void await_written() {
    REQUIRE(await([this] { return !buffer.has_jobs() && spool.trouble().empty(); }));
  }

  void end() {
    spool.finish();
    buffer.abandon();
  }

 private:
  static SpoolOptions options(const std::string& directory, WhenSpoolFull when_full,
                              std::uint64_t bytes) {
    SpoolOptions options;
    options.log = {.directory = directory, .bytes_max = bytes, .segment_bytes = 64 * 1024};
    options.when_full = when_full;
    return options;
  }

  BatchBuilder builder_{0, kBlockBytes};
  MemoryBudget memory_{1 << 28};
  Log log_{{.level = LogLevel::Error}};

 public:
  Buffer buffer;
  Spool spool;
};

std::vector<std::string> numbers(int first, int count) {
  std::vector<std::string> texts;
  for (int i = first; i < first + count; ++i) texts.push_back(std::to_string(i));
  return texts;
}

}  // namespace

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
