#include "router/base/block.hpp"

#include <thread>
#include <vector>

#include "router/base/limits.hpp"
#include "tests/support/catch.hpp"

using weir::BlockPool;
using weir::BlockRef;
using weir::MemoryBudget;
using weir::MemoryClaim;

TEST_CASE("a block ends in readable zero bytes", "[base]") {
  MemoryBudget budget(1 << 20);
  BlockPool pool(budget, 1000, 1);
  const BlockRef block = pool.acquire();
  for (std::size_t i = 0; i < weir::limits::kBlockPadding; ++i) {
    CHECK(block->data()[block->capacity() + i] == 0);
  }
}

TEST_CASE("the last reference returns a block to its pool, the most recent first", "[base]") {
  MemoryBudget budget(1 << 20);
  BlockPool pool(budget, 4096, 4);
  BlockRef a = pool.acquire();
  BlockRef b = pool.acquire();
  const char* const b_data = b->data();
  BlockRef second = b;
  CHECK_FALSE(b.unique());
  b = {};
  CHECK(second.unique());
  a = {};
  second = {};
  CHECK(pool.acquire()->data() == b_data);
  CHECK(budget.bytes_used() == 2 * 4096);
  pool.trim();
  CHECK(budget.bytes_used() == 0);
}

TEST_CASE("at the cap an acquisition is refused, and listeners hear when there is room", "[base]") {
  MemoryBudget budget(4 * 4096);
  BlockPool pool(budget, 4096, 0);
  int heard = 0;
  budget.add_listener([&heard] { ++heard; });
  std::vector<BlockRef> blocks;
  for (int i = 0; i < 4; ++i) blocks.push_back(pool.acquire());
  blocks.pop_back();
  CHECK(heard == 0);  // Nobody was refused.
  blocks.push_back(pool.acquire());
  CHECK_FALSE(pool.acquire());
  CHECK_FALSE(pool.acquire_exact(1 << 30));
  blocks.pop_back();
  CHECK(heard == 1);
  blocks.pop_back();
  CHECK(heard == 1);
}

TEST_CASE("a block outlives its pool", "[base]") {
  MemoryBudget budget(1 << 20);
  BlockRef block;
  {
    BlockPool pool(budget, 4096, 4);
    block = pool.acquire();
  }
  block->data()[0] = 'x';
  CHECK(budget.bytes_used() == 4096);
  block = {};
  CHECK(budget.bytes_used() == 0);
}

TEST_CASE("blocks come home from other threads", "[base]") {
  MemoryBudget budget(64 * 4096);
  BlockPool pool(budget, 4096, 8);
  for (int round = 0; round < 200; ++round) {
    std::vector<BlockRef> blocks;
    for (int i = 0; i < 16; ++i) blocks.push_back(pool.acquire());
    std::thread other([given = blocks]() mutable { given.clear(); });
    blocks.clear();
    other.join();
  }
  pool.trim();
  CHECK(budget.bytes_used() == 0);
}

TEST_CASE("headroom is kept for those that cannot wait", "[base]") {
  MemoryBudget budget(8 * 4096);
  BlockPool pool(budget, 4096, 0);
  std::vector<BlockRef> blocks;
  budget.set_headroom(4096);
  int told = 0;
  budget.add_listener([&] { ++told; });
  for (int i = 0; i < 7; ++i) {
    blocks.push_back(pool.acquire(MemoryClaim::Waits));
    REQUIRE(blocks.back());
  }
  CHECK_FALSE(pool.acquire(MemoryClaim::Waits));
  CHECK_FALSE(pool.acquire_exact(1, MemoryClaim::Waits));
  blocks.push_back(pool.acquire());
  CHECK(blocks.back());
  CHECK_FALSE(pool.acquire());
  while (blocks.size() > 6) blocks.pop_back();
  CHECK(told == 1);  // Whoever was refused may come again.
  CHECK(pool.acquire(MemoryClaim::Waits));
  budget.set_headroom(0);
  for (int i = 0; i < 2; ++i) blocks.push_back(pool.acquire(MemoryClaim::Waits));
  CHECK(blocks.back());
}
