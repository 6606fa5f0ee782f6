// The source of Kafka: the real program, and librdkafka's mock brokers inside of this process.

#include <signal.h>

#include <fmt/format.h>

#include <set>
#include <string>
#include <vector>

#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/kafka_mock.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

namespace {

/// The mock brokers let a group wait for its session's timeout whenever somebody has left it.
/// `source`: options of the source, each on a line of its own with six spaces before it.
std::string from_kafka(const KafkaMock& mock, const std::string& topics = "logs",
                       const std::string& source = "", const std::string& more = "",
                       int session_ms = 4000) {
  return fmt::format(
      "admin: 127.0.0.1:0\nshards: 1\nsources:\n  in:\n      url: kafka://{}/{}\n"
      "      group: readers\n      rdkafka: {{session.timeout.ms: {}, heartbeat.interval.ms: "
      "300}}\n"
      "{}sinks: {{out: 'file://${{DIR}}/out'}}\n{}",
      mock.brokers(), topics, session_ms, source, more);
}

/// The same with another sink, as YAML has it.
std::string with_sink(std::string yaml, const std::string& sink) {
  const std::string file = "'file://${DIR}/out'";
  return yaml.replace(yaml.find(file), file.size(), sink);
}

/// All of `expected` and nothing else; records may be read again where a session has run out.
bool comes(Router& router, const std::vector<std::string>& expected) {
  const std::set<std::string> wanted(expected.begin(), expected.end());
  return await([&] {
    const auto lines = router.lines("out");
    return std::set<std::string>(lines.begin(), lines.end()) == wanted;
  });
}

}  // namespace

TEST_CASE("records become events, line by line, and are read once") {
  constexpr int kSessionMs = 10'000;  // Longer than a busy machine keeps anybody waiting.
  KafkaMock mock;
  const std::string yaml = from_kafka(mock, "logs", "", "", kSessionMs);
  mock.create_topic("logs", 2);
  mock.write("logs", 0, "one");
  mock.write("logs", 1, "two\nthree\n");
  mock.write("logs", 1, "");  // No event.
  {
    Router router(yaml);
    CHECK(comes(router, {"one", "two", "three"}));
    mock.write("logs", 0, "four");
    CHECK(comes(router, {"one", "two", "three", "four"}));
    // The end waits two seconds for the last commit, and not longer.
    CHECK(await([&] {
      return mock.committed("readers", "logs", 0) == 2 && mock.committed("readers", "logs", 1) == 2;
    }));
    CHECK(router.stop() == 0);
    const Books books = router.closing_books();
    CHECK(books.source("in", "received") == 4);
    CHECK(books.sink("out", "delivered") == 4);
    CHECK(books.imbalance() == 0);
  }
  // What was confirmed is not read again.
  Router router(yaml);
  mock.write("logs", 1, "five");
  CHECK(comes(router, {"five"}));
  CHECK(router.stop() == 0);
}

TEST_CASE("a process that is killed before its sink has answered leaves the records to the next") {
  KafkaMock mock;
  mock.create_topic("logs");
  for (const char* each : {"one", "two"}) mock.write("logs", 0, each);
  const std::string stuck = with_sink(from_kafka(mock), "'unix://${DIR}/nobody'");
  {
    Router router(stuck);
    CHECK(await([&] { return router.books_now().source("in", "received") == 2; }));
    router.process().signal(SIGKILL);
    CHECK(router.process().wait());
  }
  Router router(from_kafka(mock));
  CHECK(comes(router, {"one", "two"}));
  CHECK(router.stop() == 0);
}

TEST_CASE("what a sink could not deliver before the end is not confirmed") {
  KafkaMock mock;
  mock.create_topic("logs");
  mock.write("logs", 0, "one");
  const std::string stuck = with_sink(from_kafka(mock, "logs", "", "shutdown_timeout: 100ms\n"),
                                      "'unix://${DIR}/nobody'");
  {
    Router router(stuck);
    CHECK(await([&] { return router.books_now().source("in", "received") == 1; }));
    CHECK(router.stop() == 3);  // It was lost to this process, and says so.
    CHECK(router.closing_books().dropped("out", "shutdown") == 1);
  }
  Router router(from_kafka(mock));
  CHECK(comes(router, {"one"}));
  CHECK(router.stop() == 0);
}

TEST_CASE("topics are several, or all that an expression matches") {
  KafkaMock mock;
  for (const char* topic : {"logs-a", "logs-b", "other"}) mock.create_topic(topic);
  mock.write("logs-a", 0, "a");
  mock.write("logs-b", 0, "b");
  mock.write("other", 0, "other");
  SECTION("several") {
    Router router(from_kafka(mock, "logs-a,other"));
    CHECK(comes(router, {"a", "other"}));
    CHECK(router.stop() == 0);
  }
  SECTION("an expression") {
    Router router(from_kafka(mock, "^logs-.*"));
    CHECK(comes(router, {"a", "b"}));
    CHECK(router.stop() == 0);
  }
}

TEST_CASE("start: latest leaves out what was there before") {
  KafkaMock mock;
  mock.create_topic("logs");
  mock.write("logs", 0, "before");
  Router router(from_kafka(mock, "logs", "      start: latest\n"));
  int written = 0;
  REQUIRE(await([&] {
    mock.write("logs", 0, fmt::format("after {}", written++));
    return !router.lines("out").empty();
  }));
  CHECK(router.lines("out").front() != "before");
  const auto ended = router.stop();
  INFO(router.process().stderr_text());
  CHECK(ended == 0);
}

TEST_CASE("a reload that takes the source away, or gives it another topic") {
  KafkaMock mock;
  for (const char* topic : {"logs", "more"}) mock.create_topic(topic);
  mock.write("logs", 0, "one");
  mock.write("more", 0, "two");
  Router router(from_kafka(mock));
  CHECK(comes(router, {"one"}));
  router.reload(from_kafka(mock, "more"));
  CHECK(comes(router, {"one", "two"}));
  CHECK(router.stop() == 0);
  CHECK(router.closing_books().imbalance() == 0);
}

TEST_CASE("brokers that go away are waited for, and readyz says so") {
  KafkaMock mock;
  mock.create_topic("logs");
  mock.write("logs", 0, "one");
  Router router(from_kafka(mock));
  CHECK(comes(router, {"one"}));
  mock.set_down(1);
  const std::uint16_t admin = router.port("admin");
  CHECK(await([&] {
    return http_get(admin, "/readyz").body.find("no broker can be reached") != std::string::npos;
  }));
  mock.set_up(1);
  mock.write("logs", 0, "two");
  // What had not been committed when they went is read once more.
  CHECK(await([&] {
    const auto lines = router.lines("out");
    return !lines.empty() && lines.back() == "two";
  }));
  CHECK(await([&] { return http_get(admin, "/readyz").status == 200; }));
  CHECK(router.stop() == 0);
}

TEST_CASE("backpressure stops the reading, and nothing is lost by it") {
  KafkaMock mock;
  mock.create_topic("logs", 3);
  std::vector<std::string> expected;
  std::string large(200'000, 'x');
  for (int i = 0; i < 12; ++i) {
    expected.push_back(fmt::format("{} {}", i, large));
    mock.write("logs", i % 3, expected.back());
  }
  // The sink's destination is not there yet; its buffer takes a few.
  const std::string yaml = with_sink(from_kafka(mock, "logs", "      max_event_bytes: 300KiB\n"),
                                     "{url: 'unix://${DIR}/later', buffer: 500KiB}");
  Router router(yaml);
  CHECK(await([&] { return router.books_now().source("in", "pauses") != 0; }));
  CHECK(router.books_now().source("in", "received") < expected.size());
  Router later(
      fmt::format("sources: {{in: {{url: 'unix://{}', max_event_bytes: 300KiB}}}}\n"
                  "sinks: {{out: 'file://${{DIR}}/out'}}\n",
                  router.directory() / "later"));
  CHECK(comes(later, expected));
  CHECK(router.stop() == 0);
  CHECK(router.closing_books().imbalance() == 0);
}

TEST_CASE("a source of Kafka that is not right is an error at its place") {
  const auto error_of = [](const std::string& url) {
    const Finished finished = run_weir({"check", "--from", url, "--to", "blackhole"});
    INFO(url << "\n" << finished.err);
    CHECK(finished.exit_code == 2);
    return finished.err;
  };
  const auto says = [](const std::string& text, const char* words) {
    INFO(text);
    return text.find(words) != std::string::npos;
  };
  CHECK(says(error_of("kafka://b:1/t"), "group"));
  CHECK(says(error_of("kafka://b:1/t?group="), "group"));
  CHECK(says(error_of("kafka://b:1/a b?group=g"), "this is no topic's name"));
  CHECK(says(error_of("kafka://b:1/a,,b?group=g"), "this is no topic's name"));
  CHECK(says(error_of("kafka://b:1/^a(?group=g"), "regular expression is wrong"));
  CHECK(says(error_of("kafka://b:1/t?group=g&start=noon"), "cannot start at"));
  CHECK(says(error_of("kafka://b:1/t?group=g&prefetch=1"), "prefetch is from"));
  CHECK(says(error_of("kafka://b:1/t?group=g&rdkafka.group.id=h"), "group.id is set by weir"));
  CHECK(says(error_of("kafka://b:1/t?group=g&rdkafka.no.such=1"), "No such configuration"));
  CHECK(says(error_of("kafka://b:1/t?group=g&rdkafka.session.timeout.ms=10s"), "a plain number"));
  CHECK(says(error_of("kafka://b:1/t?group=g&rdkafka.auto.commit.interval.ms=0"), "with 0"));
  CHECK(says(error_of("kafka://b:1/t?group=g&tls.ca=/nowhere.pem"), "cannot read /nowhere.pem"));
}
