#include "router/ingest/carry.hpp"

#include <string>

#include "tests/support/catch.hpp"

using weir::Carry;
using weir::CarryHolder;
using weir::CarryShare;
using weir::MemoryBudget;

namespace {

struct Nobody final : CarryHolder {
  void cut_carry() override {}
};

}  // namespace

TEST_CASE("an empty carry holds no memory, a filled one is charged and given back") {
  MemoryBudget budget(1 << 20);
  CarryShare share(budget, 1 << 19);
  Nobody nobody;
  {
    Carry carry(share, nobody);
    CHECK(budget.bytes_used() == 0);
    REQUIRE(carry.append(std::string("half a li")));
    REQUIRE(carry.append(std::string("ne")));
    CHECK(std::string(carry.bytes().data(), carry.size()) == "half a line");
    CHECK(budget.bytes_used() >= carry.size());
    REQUIRE(carry.assign(std::string("other")));
    CHECK(carry.size() == 5);
  }
  CHECK(budget.bytes_used() == 0);
}

TEST_CASE("a carry beyond the share is refused and keeps what it had") {
  MemoryBudget budget(1 << 20);
  CarryShare share(budget, 8192);
  Nobody nobody;
  Carry a(share, nobody);
  Carry b(share, nobody);
  REQUIRE(a.append(std::string(6000, 'a')));
  CHECK_FALSE(share.tight());
  CHECK_FALSE(b.append(std::string(6000, 'b')));
  CHECK(b.size() == 0);
  REQUIRE(b.append(std::string(1000, 'b')));
  CHECK(share.tight());
  CHECK(share.largest() == &a);
  a.clear();
  CHECK_FALSE(share.tight());
  CHECK(share.largest() == nullptr);
}

TEST_CASE("the front of a carry can be forgotten") {
  MemoryBudget budget(1 << 20);
  CarryShare share(budget, 1 << 19);
  Nobody nobody;
  Carry carry(share, nobody);
  REQUIRE(carry.append(std::string("taken and left")));
  carry.drop_front(6);
  CHECK(std::string(carry.bytes().data(), carry.size()) == "and left");
  carry.drop_front(0);
  CHECK(carry.size() == 8);
  carry.drop_front(8);
  CHECK(carry.size() == 0);
  CHECK(budget.bytes_used() == 0);
}
