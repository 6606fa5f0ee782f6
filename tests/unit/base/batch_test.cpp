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
