#include "router/sink/buffer.hpp"

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"

using weir::Batch;
using weir::Buffer;
using weir::Fate;
using weir::Reason;
using weir::Rejection;
using weir::SinkBalance;
using weir::WhenFull;
using weir::test::BatchBuilder;

namespace {

// Small blocks: each builder's batch pins one of its own.
constexpr std::size_t kBlockBytes = 4096;

SinkBalance account(const Buffer& buffer) {
  SinkBalance balance;
  buffer.fill(balance, 3'000'000'000);
  return balance;
}

constexpr std::int64_t kNow = 2'000'000'000;

}  // namespace

TEST_CASE("what is offered is in memory until it is settled", "[sink]") {
  BatchBuilder builder;
  Buffer buffer(1 << 20, WhenFull::Block);
  buffer.offer(builder.origin("in", 1'000'000'000).line("a").line("bb").take());
  CHECK(account(buffer).offered == 2);
  CHECK(account(buffer).in_memory == 2);
  CHECK(account(buffer).oldest_event_seconds == Approx(2.0));

  auto taken = buffer.take(8);
  REQUIRE(taken);
  CHECK(account(buffer).in_memory == 2);
  CHECK(buffer.in_hand() == 1);
  buffer.settle(std::move(taken->batch), taken->ticket, {.delivered = true}, kNow);
  const SinkBalance balance = account(buffer);
  CHECK(balance.delivered == 2);
  CHECK(balance.delivered_bytes == 3);
  CHECK(balance.in_memory == 0);
  CHECK(balance.buffer_bytes == 0);
  CHECK(balance.imbalance() == 0);
  CHECK(buffer.idle());
}

TEST_CASE("a rejected event is dropped for its reason, its neighbours are delivered", "[sink]") {
  BatchBuilder builder;
  Buffer buffer(1 << 20, WhenFull::Block);
  buffer.offer(builder.origin("in", 1).line("a").line("bb").line("c").take());
  auto taken = buffer.take(8);
  Fate fate{.delivered = true};
  fate.rejected = {Rejection{1, Reason::Rejected}};
  buffer.settle(std::move(taken->batch), taken->ticket, fate, kNow);
  const SinkBalance balance = account(buffer);
  CHECK(balance.delivered == 2);
  CHECK(balance.delivered_bytes == 2);
  CHECK(balance.dropped[Reason::Rejected] == 1);
  CHECK(balance.imbalance() == 0);
}

TEST_CASE("what comes back is taken again before what waits, in the old order", "[sink]") {
  BatchBuilder builder;
  Buffer buffer(1 << 26, WhenFull::Block);
  for (const char* text : {"1", "2", "3", "4"}) {
    buffer.offer(builder.origin("in", 1).line(text).take());
  }
  auto first = buffer.take(8);
  auto second = buffer.take(8);
  auto third = buffer.take(8);
  buffer.settle(std::move(third->batch), third->ticket, {}, kNow);
  buffer.settle(std::move(first->batch), first->ticket, {}, kNow);
  buffer.settle(std::move(second->batch), second->ticket, {.delivered = true}, kNow);
  CHECK(account(buffer).retries == 2);
  CHECK(account(buffer).in_memory == 3);
  std::string order;
  while (auto next = buffer.take(8)) {
    order += next->batch.events()[0].bytes();
    buffer.settle(std::move(next->batch), next->ticket, {.delivered = true}, kNow);
  }
  CHECK(order == "134");
}

TEST_CASE("block raises the pressure at the limit and lets go at half of it", "[sink]") {
  std::deque<BatchBuilder> builders;
  Buffer buffer(4 * kBlockBytes, WhenFull::Block);
  int rises = 0;
  for (int i = 0; i < 6; ++i) {
    builders.emplace_back(0, kBlockBytes);
    rises += buffer.offer(builders.back().origin("in", 1).line("event").take()) ? 1 : 0;
  }
  CHECK(rises == 1);
  CHECK(buffer.under_pressure());
  CHECK(account(buffer).in_memory == 6);  // Nothing is refused, nothing is lost.
  int falls = 0;
  while (auto next = buffer.take(8)) {
    falls += buffer.settle(std::move(next->batch), next->ticket, {.delivered = true}, kNow);
  }
  CHECK(falls == 2);  // Below 7/8 for those that cannot wait, at a half for all.
  CHECK_FALSE(buffer.under_pressure());
}

TEST_CASE("drop_newest refuses, drop_oldest makes room, and both count", "[sink]") {
  const WhenFull policy = GENERATE(WhenFull::DropNewest, WhenFull::DropOldest);
  std::deque<BatchBuilder> builders;
  Buffer buffer(3 * kBlockBytes, policy);
  for (int i = 0; i < 8; ++i) {
    builders.emplace_back(0, kBlockBytes);
    CHECK_FALSE(buffer.offer(builders.back().origin("in", 1).line(std::to_string(i)).take()));
  }
  const SinkBalance balance = account(buffer);
  CHECK(balance.offered == 8);
  CHECK(balance.dropped[Reason::BufferFull] > 0);
  CHECK(balance.dropped[Reason::BufferFull] + balance.in_memory == 8);
  CHECK(balance.buffer_bytes <= 4 * kBlockBytes);
  CHECK_FALSE(buffer.under_pressure());
  auto first = buffer.take(8);
  CHECK((first->batch.events()[0].bytes() == "0") == (policy == WhenFull::DropNewest));
  buffer.settle(std::move(first->batch), first->ticket, {.delivered = true}, kNow);
}

TEST_CASE("what is in a sink's hands leaves half of the buffer to what waits", "[sink]") {
  std::deque<BatchBuilder> builders;
  Buffer buffer(8 * kBlockBytes, WhenFull::DropOldest);
  for (int i = 0; i < 7; ++i) {
    builders.emplace_back(0, kBlockBytes);
    buffer.offer(builders.back().origin("in", 1).line(std::to_string(i)).take());
  }
  std::vector<weir::Ticketed> held;
  while (auto next = buffer.take(100)) held.push_back(std::move(*next));
  CHECK(held.size() == 4);
  for (auto& one : held) {
    buffer.settle(std::move(one.batch), one.ticket, {.delivered = true}, kNow);
  }
}

TEST_CASE("an empty buffer takes a batch larger than itself", "[sink]") {
  BatchBuilder builder;
  Buffer buffer(1, WhenFull::DropNewest);
  buffer.offer(builder.origin("in", 1).line("large").take());
  CHECK(account(buffer).in_memory == 1);
}

TEST_CASE("what is abandoned is lost at shutdown, also what a stuck sink still holds", "[sink]") {
  BatchBuilder builder;
  Buffer buffer(1 << 20, WhenFull::Block);
  for (int i = 0; i < 3; ++i) buffer.offer(builder.origin("in", 1).line("x").take());
  auto held = buffer.take(8);
  buffer.abandon();
  CHECK(account(buffer).dropped[Reason::Shutdown] == 3);
  CHECK(account(buffer).in_memory == 0);
  // It comes back too late to count twice.
  buffer.settle(std::move(held->batch), held->ticket, {.delivered = true}, kNow);
  CHECK(account(buffer).delivered == 0);
  CHECK(account(buffer).imbalance() == 0);
}
