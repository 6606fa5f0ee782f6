#include "router/route/operation.hpp"

#include <limits>
#include <vector>

#include "router/route/value_map.hpp"
#include "tests/support/catch.hpp"

using weir::Value, weir::route::compare_numbers, weir::route::Relation, weir::route::ValueMap;

namespace {

/// Numbers at the edges of the types, ascending; those that are equal stand in one group.
std::vector<std::vector<Value>> ladder() {
  const auto i = [](std::int64_t v) { return Value::of(v); };
  const auto u = [](std::uint64_t v) { return Value::of(v); };
  const auto d = [](double v) { return Value::of(v); };
  constexpr std::int64_t kTwo53 = std::int64_t{1} << 53U;
  return {
      {d(-1e300)},
      {i(std::numeric_limits<std::int64_t>::min()), d(-9223372036854775808.0)},
      {i(std::numeric_limits<std::int64_t>::min() + 1)},
      {i(-1), d(-1.0)},
      {d(-0.5)},
      {i(0), u(0), d(0.0), d(-0.0)},
      {d(5e-324)},
      {i(kTwo53), u(kTwo53), d(9007199254740992.0)},
      {i(kTwo53 + 1), u(kTwo53 + 1)},
      {i(kTwo53 + 2), d(9007199254740994.0)},
      {i(std::numeric_limits<std::int64_t>::max())},
      {u(std::uint64_t{1} << 63U), d(9223372036854775808.0)},
      {u((std::uint64_t{1} << 63U) + 1)},
      {u(std::numeric_limits<std::uint64_t>::max() - 2047), d(18446744073709549568.0)},
      {u(std::numeric_limits<std::uint64_t>::max())},
      {d(18446744073709551616.0)},
      {d(1e300)},
  };
}

}  // namespace

TEST_CASE("numbers of all types have one order") {
  const auto groups = ladder();
  for (std::size_t a = 0; a < groups.size(); ++a) {
    for (std::size_t b = 0; b < groups.size(); ++b) {
      for (const Value& left : groups[a]) {
        for (const Value& right : groups[b]) {
          INFO(a << " " << b);
          CHECK((compare_numbers(left, right) < 0) == (a < b));
          CHECK((compare_numbers(left, right) == 0) == (a == b));
          CHECK((compare_numbers(left, right) > 0) == (a > b));
          CHECK(compare(Relation::NotEqual, left, right) == (a != b));
          CHECK(compare(Relation::GreaterEqual, left, right) == (a >= b));
          CHECK(compare(mirrored(Relation::Less), right, left) == (a < b));
        }
      }
    }
  }
}

TEST_CASE("a map finds a number under every type that can hold it, and no other") {
  const auto groups = ladder();
  for (std::size_t which = 0; which < 4; ++which) {
    ValueMap map;
    for (std::size_t group = 0; group < groups.size(); ++group) {
      const Value& key = groups[group][which % groups[group].size()];
      CHECK(map.add(key, static_cast<std::uint32_t>(group)) == group);
    }
    CHECK(map.size() == groups.size());
    for (std::size_t group = 0; group < groups.size(); ++group) {
      for (const Value& value : groups[group]) {
        REQUIRE(map.find(value) != nullptr);
        CHECK(*map.find(value) == group);
      }
    }
  }
}

TEST_CASE("a map keeps strings, numbers, booleans and null apart") {
  ValueMap map;
  map.add(Value::string("1"), 1);
  map.add(Value::of(std::int64_t{1}), 2);
  map.add(Value::of(true), 3);
  map.add(Value::null(), 4);
  map.add(Value::string(""), 5);
  CHECK(map.add(Value::string("1"), 6) == 1);
  CHECK(*map.find(Value::string("1")) == 1);
  CHECK(*map.find(Value::of(1.0)) == 2);
  CHECK(*map.find(Value::of(true)) == 3);
  CHECK(*map.find(Value::null()) == 4);
  CHECK(*map.find(Value::string("")) == 5);
  CHECK(map.find(Value()) == nullptr);
  CHECK(map.find(Value::of(false)) == nullptr);
  CHECK(map.find(Value::json("1")) == nullptr);
  CHECK(map.find(Value::of(std::numeric_limits<double>::quiet_NaN())) == nullptr);
  CHECK(map.find(Value::of(std::numeric_limits<double>::infinity())) == nullptr);
}
