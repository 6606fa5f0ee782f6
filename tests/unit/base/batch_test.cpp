#include "router/base/batch.hpp"

#include <cstring>
#include <string>

#include "tests/support/catch.hpp"

using namespace std::string_view_literals;
using weir::Batch;
using weir::BlockPool;
using weir::BlockRef;
using weir::Event;
using weir::MemoryBudget;
using weir::Value;

namespace {

Event event_at(const BlockRef& block, std::size_t offset, std::string_view bytes) {
  std::memcpy(block->data() + offset, bytes.data(), bytes.size());
  return {.data = block->data() + offset, .size = static_cast<std::uint32_t>(bytes.size())};
}

}  // namespace

TEST_CASE("a batch counts the bytes of its events and holds each block once", "[base]") {
  MemoryBudget budget(1 << 20);
  BlockPool pool(budget, 4096, 2);
  const BlockRef block = pool.acquire();
  Batch batch;
  REQUIRE(batch.empty());
  batch.begin({.source = nullptr, .received_ns = 7, .peer = {}}, block);
  batch.add(event_at(block, 0, "one"));
  batch.begin({.source = nullptr, .received_ns = 8, .peer = {}}, block);
  batch.add(event_at(block, 3, "three"));

  CHECK(batch.size() == 2);
  CHECK(batch.byte_count() == 8);
  CHECK(batch.blocks().size() == 1);
  CHECK(batch.events()[1].bytes() == "three");
  CHECK(batch.oldest_received_ns() == 7);
  CHECK(batch.origin(batch.events()[0]).received_ns == 7);
  CHECK(batch.origin(batch.events()[1]).received_ns == 8);
}

TEST_CASE("a transient column outlives the memory it came from", "[base]") {
  MemoryBudget budget(1 << 20);
  BlockPool pool(budget, 4096, 2);
  const BlockRef block = pool.acquire();
  Batch batch(2);
  batch.begin({}, block);
  std::string scratch = "gone soon";
  const Value columns[] = {Value::string(scratch, true), Value::of(std::int64_t{5})};
  batch.add(event_at(block, 0, "x"), columns);
  scratch.assign(scratch.size(), '!');

  CHECK(batch.columns(0)[0].text() == "gone soon");
  CHECK_FALSE(batch.columns(0)[0].transient());
  CHECK(batch.columns(0)[1].integer() == 5);
}

TEST_CASE("moved into a block of its own, a batch keeps bytes and columns and frees the old block",
          "[base]") {
  MemoryBudget budget(1 << 20);
  BlockPool pool(budget, 65536, 0);
  Batch batch(1);
  {
    const BlockRef block = pool.acquire();
    batch.begin({}, block);
    const Event event = event_at(block, 100, "{\"app\":\"web\"}");
    const Value app[] = {Value::string({event.data + 8, 3})};
    batch.add(event, app);
  }
  CHECK(budget.bytes_used() == 65536);
  const BlockRef small = pool.acquire_exact(batch.byte_count() + batch.size());
  batch.move_into(small);

  CHECK(budget.bytes_used() == small->capacity());
  CHECK(batch.events()[0].bytes() == "{\"app\":\"web\"}");
  CHECK(batch.events()[0].newline_follows);
  CHECK(batch.events()[0].data[batch.events()[0].size] == '\n');
  CHECK(batch.columns(0)[0].text() == "web");
  CHECK(batch.columns(0)[0].text().data() == small->data() + 8);
}

TEST_CASE("events that are taken out leave the others with their columns and origins", "[base]") {
  MemoryBudget budget(1 << 20);
  BlockPool pool(budget, 4096, 2);
  const BlockRef block = pool.acquire();
  Batch batch(1);
  const std::string texts = "abbcccdddd";
  std::size_t at = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    batch.begin({.source = nullptr, .received_ns = static_cast<std::int64_t>(i)}, block);
    const Value column[] = {Value::of(static_cast<std::int64_t>(i))};
    batch.add(event_at(block, at, std::string_view(texts).substr(at, i + 1)), column);
    at += i + 1;
  }
  CHECK(batch.remove_if([](std::size_t i) { return i % 2 == 0; }) == 2);
  REQUIRE(batch.size() == 2);
  CHECK(batch.byte_count() == 6);
  for (std::size_t i = 0; i < 2; ++i) {
    const Event& event = batch.events()[i];
    CHECK(event.bytes() == (i == 0 ? "bb" : "dddd"));
    CHECK(batch.columns(i)[0].integer() == static_cast<std::int64_t>(2 * i + 1));
    CHECK(batch.origin(event).received_ns == static_cast<std::int64_t>(2 * i + 1));
  }
  CHECK(batch.remove_if([](std::size_t) { return false; }) == 0);
  CHECK(batch.size() == 2);
  const std::size_t overhead = batch.overhead_bytes();
  CHECK(batch.remove_if([](std::size_t) { return true; }) == 2);
  CHECK(batch.overhead_bytes() < overhead);
  CHECK(batch.empty());
  CHECK(batch.byte_count() == 0);
}

TEST_CASE("a receipt goes with the last of its events that is taken out", "[base]") {
  class Noted final : public weir::Receipt {
   public:
    bool answered = false;

   private:
    void settled(bool) noexcept override { answered = true; }
  };
  MemoryBudget budget(1 << 20);
  BlockPool pool(budget, 4096, 2);
  const BlockRef block = pool.acquire();
  Noted receipts[3];
  Batch batch;
  for (std::size_t i = 0; i < 3; ++i) {
    batch.begin({.source = nullptr,
                 .received_ns = 1,
                 .peer = {},
                 .receipt = weir::ReceiptRef(&receipts[i])},
                block);
    batch.add(event_at(block, 2 * i, "x"));
    batch.add(event_at(block, 2 * i + 1, "y"));
  }
  batch.remove_if([](std::size_t i) { return i == 0 || i == 2 || i == 3; });
  CHECK_FALSE(receipts[0].answered);
  CHECK(receipts[1].answered);
  CHECK_FALSE(receipts[2].answered);
  batch.remove_if([](std::size_t i) { return i != 0; });
  CHECK_FALSE(receipts[0].answered);
  CHECK(receipts[2].answered);
}
