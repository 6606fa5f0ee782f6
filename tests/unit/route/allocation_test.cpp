// Nothing on the way of an event through conditions and routes allocates. A program of its own,
// because it counts every allocation there is.

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "router/route/expression.hpp"
#include "router/route/route_table.hpp"
#include "tests/support/catch.hpp"

using weir::Expression, weir::FieldSet, weir::RouteHits, weir::RouteSpec, weir::RouteTable,
    weir::Value;

namespace {

std::atomic<std::size_t> allocation_count{0};

void* counted(std::size_t size) noexcept {
  ++allocation_count;
  return std::malloc(size == 0 ? 1 : size);
}

void* counted_or_throw(std::size_t size) {
  if (void* memory = counted(size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return counted_or_throw(size); }
void* operator new[](std::size_t size) { return counted_or_throw(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

TEST_CASE("routing and evaluation allocate nothing") {
  FieldSet fields;
  std::vector<RouteSpec> specs = {
      {"a", R"(level == "error" || status >= 500)", {0}},
      {"b", R"(path.startsWith("/api") && path.contains("v2") && size(path) > 3)", {1}},
      {"c", R"(level in ["a", "b", "c", "d", "e", "f"])", {2}},
      {"d", R"(status % 100 == 3 && (status / 2 > 5.5 ? true : has(x)))", {3}},
      {"e", R"(matches(path, r"^/api/v\d/"))", {3}},
      {"f", R"("x" in tags && size(tags) == 2)", {3}},
      {"rest", "unmatched", {4}}};
  for (int i = 0; i < 100; ++i) {
    specs.push_back({"app", "app == \"app-" + std::to_string(i) + "\" && status > 1", {5}});
  }
  const RouteTable table(specs, 6, fields);
  const Expression computed = Expression::compile("(status + 1) * 2 / 1000", fields);
  RouteHits hits(table);
  std::string tags = R"(["y","x"])";
  tags.append(64, '\0');
  const std::string app = "app-77";  // With the room behind it that a literal does not have.
  std::vector<Value> row(fields.size());
  for (std::size_t slot = 0; slot < row.size(); ++slot) {
    const std::string& key = fields.paths()[slot].keys[0];
    row[slot] = key == "status" ? Value::of(std::int64_t{503})
                : key == "tags" ? Value::json(std::string_view(tags).substr(0, 9))
                : key == "path" ? Value::string("/api/v2/users")
                                : Value::string(app);
  }
  table.route(row, hits);  // RE2 and simdjson fill their caches once.
  const std::size_t routes = hits.routes().size();
  const std::size_t before = allocation_count;
  double sum = 0;
  for (int i = 0; i < 1000; ++i) {
    table.route(row, hits);
    sum += computed.evaluate(row).floating();
  }
  CHECK(allocation_count == before);
  CHECK(routes == 6);
  CHECK(sum > 0);
}
