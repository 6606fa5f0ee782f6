#include <algorithm>
#include <array>
#include <map>

#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

// A sink's destination stops reading, and the sink sheds by severity: what matters least goes, and
// what matters arrives once the destination reads again.

namespace {

std::string to_tcp(const Server& destination, const std::string& options) {
  return "admin: 127.0.0.1:0\n"
         "sources: {in: 'tcp://127.0.0.1:0'}\n"
         "sinks: {out: 'tcp://127.0.0.1:" +
         std::to_string(destination.port()) + "?buffer=16MiB&timeout=60s&loss_notice=false&" +
         options + "'}\n";
}

struct Kind {
  std::string_view name;  ///< Stands in the event.
  std::string_view head;  ///< What tells its severity.
  int share;              ///< Of each hundred.
};

/// A hundred events; "@" and the kind's name in each, and of the same size about.
std::string hundred(const std::vector<Kind>& kinds, std::map<std::string, std::uint64_t>& sent) {
  std::string text;
  for (const Kind& kind : kinds) {
    for (int i = 0; i < kind.share; ++i) {
      const bool is_json = kind.head.starts_with('{');
      text += std::string(kind.head) + (is_json ? ",\"text\":\"@" : " @") + std::string(kind.name) +
              "@" + std::string(300, '.') + (is_json ? "\"}\n" : "\n");
    }
    sent[std::string(kind.name)] += static_cast<std::uint64_t>(kind.share);
  }
  return text;
}

std::map<std::string, std::uint64_t> count_kinds(const std::vector<std::string>& lines) {
  std::map<std::string, std::uint64_t> counts;
  for (const std::string& line : lines) {
    const std::size_t begin = line.find('@');
    const std::size_t end = line.find('@', begin + 1);
    ++counts[end == std::string::npos ? "torn" : line.substr(begin + 1, end - begin - 1)];
  }
  return counts;
}

/// Bytes that fill the kernel's buffers on the way, and the sink's several times.
constexpr std::size_t kManyBytes = std::size_t{64} << 20;

struct Outcome {
  std::map<std::string, std::uint64_t> sent;
  std::map<std::string, std::uint64_t> arrived;
  Books books;
  std::string metrics;
};

/// Sends to a destination that reads only when all is sent.
Outcome send_to_frozen(const std::string& options, const std::vector<Kind>& kinds) {
  const Server destination;
  Router router(to_tcp(destination, options));
  const Socket reader = destination.accept();
  Outcome outcome{.sent = {}, .arrived = {}, .books = router.books_now(), .metrics = {}};
  const Socket sender = connect_tcp(router.port("in"));
  std::uint64_t sent = 0;
  for (std::size_t bytes = 0; bytes < kManyBytes; sent += 100) {
    const std::string events = hundred(kinds, outcome.sent);
    bytes += events.size();
    REQUIRE(sender.send(events));
  }
  sender.finish();
  // Nothing presses back, though nothing is taken: the errors have room.
  REQUIRE(await([&] { return router.books_now().source("in", "received") == sent; }));
  CHECK(router.books_now().imbalance() == 0);

  std::string text;
  std::thread reading([&] { text = reader.receive(); });
  outcome.metrics = http_get(router.port("admin"), "/metrics").body;
  CHECK(router.stop() == 3);
  reading.join();
  outcome.arrived = count_kinds(lines_of(text));
  outcome.books = router.closing_books();
  CHECK(outcome.books.imbalance() == 0);
  CHECK(outcome.books.sink("out", "in_memory") == 0);
  return outcome;
}

}  // namespace

TEST_CASE("a frozen sink loses debug and keeps every error") {
  const Outcome outcome = send_to_frozen("when_full=shed", {{"debug", R"({"level":"debug")", 90},
                                                            {"info", R"({"severity":"INFO")", 8},
                                                            {"pri", "<11>1", 1},
                                                            {"error", R"({"level":50)", 1}});
  CHECK(outcome.arrived.at("error") == outcome.sent.at("error"));
  CHECK(outcome.arrived.at("pri") == outcome.sent.at("pri"));
  CHECK(outcome.arrived.at("debug") < outcome.sent.at("debug"));
  CHECK_FALSE(outcome.arrived.contains("torn"));
  std::uint64_t sent = 0;
  std::uint64_t arrived = 0;
  for (const auto& [kind, count] : outcome.sent) sent += count;
  for (const auto& [kind, count] : outcome.arrived) arrived += count;
  CHECK(sent - arrived == outcome.books.dropped("out", "shed"));
  CHECK(outcome.books.sink("out", "offered") == sent);
  CHECK(outcome.books.sink("out", "shed/debug") ==
        outcome.sent.at("debug") - outcome.arrived.at("debug"));
  CHECK(outcome.books.sink("out", "shed/error") == 0);
  CHECK(outcome.metrics.find("weir_sink_shed_events_total{sink=\"out\",severity=\"debug\"}") !=
        std::string::npos);
}

TEST_CASE("where the severity stands, how far shedding goes and what is unknown can be told") {
  const Outcome outcome = send_to_frozen(
      "when_full=shed&shed.field=log.importance&shed.floor=critical&shed.unknown=error",
      {{"critical", R"({"log":{"importance":2})", 1},
       {"debug", R"({"log":{"importance":"debug"},"level":"fatal")", 69},
       {"unknown", R"({"level":"fatal")", 30}});
  CHECK(outcome.arrived.at("critical") == outcome.sent.at("critical"));
  CHECK(outcome.arrived.at("debug") < outcome.sent.at("debug"));
  CHECK(outcome.books.sink("out", "shed/error") > 0);
  CHECK(outcome.books.sink("out", "shed/critical") == 0);
  CHECK(outcome.sent.at("unknown") - outcome.arrived.at("unknown") ==
        outcome.books.sink("out", "shed/error"));
}

TEST_CASE("what shedding promises may not be taken back by the spool") {
  const Finished finished = run_weir(
      {"check", "--from", "stdin", "--to", "stdout?when_full=shed&spool.when_full=drop_oldest"});
  CHECK(finished.exit_code == 2);
  CHECK(finished.err.find("with when_full: shed it has to be block") != std::string::npos);
  CHECK(run_weir({"check", "--from", "stdin", "--to", "stdout?when_full=shed&shed.field=a..b"})
            .exit_code == 2);
  CHECK(run_weir({"check", "--from", "stdin", "--to", "stdout?when_full=shed&shed.floor=debug"})
            .exit_code == 2);
  CHECK(run_weir({"check", "--from", "stdin", "--to", "stdout?when_full=shed"}).exit_code == 0);
}
