// Receipts on their way through a batch and a sink's buffer, back to the source.

#include "router/ingest/turn_receipts.hpp"

#include <utility>

#include "router/base/batch.hpp"
#include "router/sink/buffer.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"

using namespace weir;

namespace {

/// A batch of one event with the receipt of turn `turn`.
Batch batch_with(const ReceiptRef& receipt, test::BatchBuilder& builder) {
  Batch lines = builder.line("event").take();
  static const std::string source = "in";
  Batch batch;
  batch.begin({.source = &source, .received_ns = 1, .peer = {}, .receipt = receipt},
              lines.blocks().front());
  batch.add(lines.events().front());
  return batch;
}

Fate delivered() { return {.delivered = true, .cause = {}, .rejected = {}}; }

}  // namespace

TEST_CASE("a turn is answered when the last batch with it is", "[sink]") {
  test::BatchBuilder builder;
  TurnReceipts receipts;
  Buffer first(1 << 20, WhenFull::Block);
  Buffer second(1 << 20, WhenFull::Block);
  {
    const ReceiptRef receipt = receipts.begin(7, {{3, 42}});
    first.offer(batch_with(receipt, builder));
    second.offer(batch_with(receipt, builder));
  }
  auto taken = first.take(1);
  first.settle(std::move(taken->batch), taken->ticket, delivered(), 2);
  CHECK(receipts.take().empty());

  // A retry keeps it waiting.
  taken = second.take(1);
  second.settle(std::move(taken->batch), taken->ticket, {}, 2);
  CHECK(receipts.take().empty());
  taken = second.take(1);
  second.settle(std::move(taken->batch), taken->ticket, delivered(), 2);
  const auto answers = receipts.take();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].turn == 7);
  CHECK(answers[0].whole);
  REQUIRE(answers[0].spans.size() == 1);
  CHECK(answers[0].spans[0].next == 42);
  CHECK(receipts.take().empty());
}

TEST_CASE("what policy drops or a destination refuses is answered for", "[sink]") {
  test::BatchBuilder builder;
  TurnReceipts receipts;
  Buffer buffer(1, WhenFull::DropNewest);
  buffer.offer(batch_with(receipts.begin(1, {}), builder));
  buffer.offer(batch_with(receipts.begin(2, {}), builder));  // Full.
  auto answers = receipts.take();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].turn == 2);
  CHECK(answers[0].whole);
  auto taken = buffer.take(1);
  const Fate refused{.delivered = true, .cause = {}, .rejected = {{0, Reason::TooLarge}}};
  buffer.settle(std::move(taken->batch), taken->ticket, refused, 2);
  answers = receipts.take();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].whole);
}

TEST_CASE("what is given up because weir ends is not", "[sink]") {
  test::BatchBuilder builder;
  TurnReceipts receipts;
  Buffer buffer(1 << 20, WhenFull::Block);
  for (std::uint64_t turn = 1; turn <= 3; ++turn) {
    buffer.offer(batch_with(receipts.begin(turn, {}), builder));
  }
  auto given_up = buffer.take(2);
  const Fate shut_down{.delivered = true, .cause = {}, .rejected = {{0, Reason::Shutdown}}};
  buffer.settle(std::move(given_up->batch), given_up->ticket, shut_down, 2);
  auto in_hand = buffer.take(2);
  buffer.abandon();                                                           // What waits.
  buffer.settle(std::move(in_hand->batch), in_hand->ticket, delivered(), 2);  // Too late.
  const auto answers = receipts.take();
  REQUIRE(answers.size() == 3);
  for (const auto& answer : answers) CHECK_FALSE(answer.whole);
}
