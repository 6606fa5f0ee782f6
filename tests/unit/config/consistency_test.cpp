#include "tests/support/catch.hpp"
#include "tests/unit/config/sample.hpp"

using namespace weir;
using namespace weir::test;

namespace {

std::string two_sources(const std::string& a, const std::string& b) {
  return "sources:\n  a: " + a + "\n  b: " + b + "\nsinks: {out: stdout}\n";
}

}  // namespace

TEST_CASE("without a source or a sink nothing starts, and the hint says what to write") {
  CHECK(error_of("sinks: {o: stdout}\n").message() == "there is no source");
  CHECK(contains(error_of("sinks: {o: stdout}\n").hint(), "--from tcp://127.0.0.1:5170"));
  CHECK(error_of("sources: {i: stdin}\n").message() == "there is no sink");
  CHECK(contains(error_of("sources: {i: stdin}\n").hint(), "--to stdout"));
  CHECK(error_of("").message() == "there is no source");
  CHECK(error_of("").where().origin.empty());
}

TEST_CASE("a sink that no route leads to is an error") {
  check_error("sources: {i: stdin}\nsinks:\n  a: stdout\n  b: @@blackhole\nroutes: {r: {to: a}}\n",
              "no route leads to sink \"b\"", "in the \"to\" of a route");
}

TEST_CASE("two listeners on one address are an error") {
  check_error(two_sources("tcp://127.0.0.1:1", "@@tcp://127.0.0.1:1"),
              "source \"b\" listens where source \"a\" does");
  check_error(two_sources("tcp://0.0.0.0:1", "@@tcp://127.0.0.1:1"), "listens where");
  check_error(two_sources("tcp://127.0.0.1:1", "\"@@tcp://[::]:1\""), "listens where");
  check_error(two_sources("tcp://localhost:1", "@@tcp://:1"), "listens where");
  check_error(two_sources("udp://127.0.0.1:1", "@@udp://127.0.0.1:1"), "listens where");
  check_error(two_sources("unix:///x", "@@unix+dgram:///x"), "listens where");
  check_error(two_sources("stdin", "@@stdin"), "listens where");
}

TEST_CASE("listeners that do not meet are fine") {
  for (const std::string& yaml :
       {two_sources("tcp://127.0.0.1:1", "udp://127.0.0.1:1"),
        two_sources("tcp://127.0.0.1:1", "tcp://127.0.0.2:1"),
        two_sources("tcp://127.0.0.1:1", "tcp://127.0.0.1:2"),
        two_sources("tcp://127.0.0.1:0", "tcp://127.0.0.1:0"),
        two_sources("unix:///x", "unix:///y"), two_sources("kafka://b:1/t", "kafka://b:1/t")}) {
    INFO(yaml);
    CHECK(load_yaml(yaml).sources.size() == 2);
  }
}

TEST_CASE("the admin port and a source cannot share an address") {
  check_error("admin: 127.0.0.1:1\n" + with_source("@@tcp://0.0.0.0:1"),
              "source \"a\" listens where admin does");
  CHECK(load_yaml("admin: 127.0.0.1:1\n" + with_source("udp://0.0.0.0:1")).admin);
}
