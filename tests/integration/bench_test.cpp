#include <simdjson.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/router.hpp"
#include "tests/support/temp_dir.hpp"

using namespace weir::test;

namespace {

/// What `weir bench … --json -` says.
class Result {
 public:
  explicit Result(const Finished& run) : run_(run) {
    INFO(run.out << run.err);
    REQUIRE(parser_.parse(run.out).get(root_) == simdjson::SUCCESS);
  }
  double number(std::string_view pointer) const {
    double value = -1;
    REQUIRE(root_.at_pointer(pointer).get(value) == simdjson::SUCCESS);
    return value;
  }
  bool has(std::string_view key) const { return root_[key].error() == simdjson::SUCCESS; }
  bool is(std::string_view key) const { return root_[key].get_bool().value(); }

  /// Whether all counters of trouble are 0.
  void check_clean() const {
    for (const char* name : {"/lost", "/duplicated", "/reordered", "/corrupted", "/torn"}) {
      INFO(name);
      CHECK(number(name) == 0);
    }
  }

 private:
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
  Finished run_;
};

Finished bench(std::vector<std::string> words) {
  words.insert(words.begin(), "bench");
  return run_weir(std::move(words));
}

Finished run_program(std::vector<std::string> arguments) {
  Process process({.arguments = std::move(arguments)});
  const int exit_code = process.wait().value_or(-1);
  return {.exit_code = exit_code, .out = process.stdout_text(), .err = process.stderr_text()};
}

constexpr const char* kUnixToFile =
    "sources: {in: 'unix://${DIR}/in.sock'}\nsinks: {out: 'file://${DIR}/out.ndjson'}\n";

}  // namespace

TEST_CASE("a bench around weir finds everything delivered, and measures it") {
  Router router(kUnixToFile);
  const std::string dir = router.directory().path().string();
  const Finished run = bench({"--to", "unix://" + dir + "/in.sock", "--collect",
                              dir + "/out.ndjson", "--connections", "3", "--events", "30k", "--pid",
                              std::to_string(router.process().pid()), "--json", "-", "--settle",
                              "10s", "--late", "100ms"});
  const Result result(run);
  CHECK(run.exit_code == 0);
  CHECK(result.is("passed"));
  CHECK(result.is("valid"));
  CHECK(result.number("/issued") == 30'000);
  CHECK(result.number("/collected") == 30'000);
  result.check_clean();
  CHECK(result.number("/streams/2/issued") == 10'000);
  for (const char* name : {"seconds", "events_per_second", "bytes_per_second", "cpu_seconds",
                           "peak_rss_bytes", "latency_ms"}) {
    CHECK(result.has(name));
  }
  CHECK(result.number("/latency_ms/p50") > 0);
  CHECK(result.number("/latency_ms/max") >= result.number("/latency_ms/p50"));
  CHECK(result.number("/peak_rss_bytes") > 1 << 20);
  CHECK(router.stop() == 0);
  CHECK(router.closing_books().source("in", "received") == 30'000);
}

TEST_CASE("a bench starts the router under test and ends it") {
  const TempDir dir;
  dir.write("weir.yaml", kUnixToFile);
  for (const char* format : {"json", "text", "syslog5424", "syslog3164"}) {
    const Finished run = run_weir({"bench",
                                   "--to",
                                   "unix://" + (dir / "in.sock"),
                                   "--collect",
                                   dir / "out.ndjson",
                                   "--events",
                                   "5k",
                                   "--rate",
                                   "50k/s",
                                   "--format",
                                   format,
                                   "--json",
                                   "-",
                                   "--settle",
                                   "10s",
                                   "--late",
                                   "100ms",
                                   "--",
                                   weir_program(),
                                   "run",
                                   "-c",
                                   dir / "weir.yaml"},
                                  "", {{"DIR", dir.path().string()}});
    INFO(format << run.err);
    const Result result(run);
    CHECK(run.exit_code == 0);
    CHECK(result.number("/collected") == 5'000);
    CHECK(result.number("/exit_code") == 0);
    result.check_clean();
    std::filesystem::remove(dir / "out.ndjson");
  }
}

TEST_CASE("a bench that is interrupted ends the router that it started, and says so") {
  const TempDir dir;
  dir.write("weir.yaml", kUnixToFile);
  Process process(
      {.arguments = {weir_program(), "bench", "--to", "unix://" + (dir / "in.sock"), "--collect",
                     dir / "out.ndjson", "--duration", "60s", "--rate", "1k", "--", weir_program(),
                     "run", "-c", dir / "weir.yaml"},
       .environment = {{"DIR", dir.path().string()}, {"WEIR_CONTROL_SOCKET", dir / "control.sock"}},
       .directory = dir.path()});
  REQUIRE(await([&] { return !dir.read("out.ndjson").empty(); }));
  process.signal(SIGTERM);
  CHECK(process.wait() == 128 + SIGTERM);
  CHECK(process.stdout_text().find("interrupted") != std::string::npos);
  // The router has removed its socket: it ended in good order.
  CHECK_FALSE(std::filesystem::exists(dir / "in.sock"));
  CHECK(process.stderr_text().find("\"imbalance\":0") != std::string::npos);
}

TEST_CASE("a second signal kills the router, and the bench still reports") {
  const TempDir dir;
  // It listens nowhere, so that the bench is still connecting; and does not end on SIGTERM.
  Process process({.arguments = {weir_program(), "bench", "--to", "unix://" + (dir / "in.sock"),
                                 "--connect-timeout", "60s", "--events", "1", "--json",
                                 dir / "result.json", "--", "/bin/sh", "-c",
                                 "trap '' TERM; echo x > ready; while :; do sleep 0.02; done"},
                   .directory = dir.path()});
  REQUIRE(await([&] { return !dir.read("ready").empty(); }));
  process.signal(SIGINT);
  REQUIRE(await([&] { return process.stderr_text().find("another signal") != std::string::npos; }));
  process.signal(SIGTERM);
  CHECK(process.wait() == 128 + SIGINT);
  CHECK(process.stdout_text().find("interrupted before anything was sent") != std::string::npos);
  CHECK(process.stdout_text().find("before the second signal and was killed") != std::string::npos);
  CHECK(process.stdout_text().find("ended by signal 9") != std::string::npos);
  CHECK(dir.read("result.json").find("\"exit_code\":137") != std::string::npos);
}

TEST_CASE("a router that has to be killed fails the run") {
  const TempDir dir;
  dir.write("weir.yaml", kUnixToFile);
  const Finished run =
      run_weir({"bench", "--to", "unix://" + (dir / "in.sock"), "--collect", dir / "out.ndjson",
                "--events", "100", "--late", "10ms", "--stop-timeout", "100ms", "--", "/bin/sh",
                "-c", "trap '' TERM; \"$0\" run -c \"$1\"; :", weir_program(), dir / "weir.yaml"},
               "", {{"DIR", dir.path().string()}, {"WEIR_CONTROL_SOCKET", dir / "control.sock"}});
  INFO(run.out << run.err);
  CHECK(run.exit_code == 1);
  CHECK(run.out.find("the router did not end on SIGTERM within 100ms and was killed") !=
        std::string::npos);
}

TEST_CASE("what a router leaves out is lost, and named") {
  Router router(
      "sources: {in: 'unix://${DIR}/in.sock'}\n"
      "routes: {some: {when: 'level == \"error\"', to: out}}\n"
      "sinks: {out: 'file://${DIR}/out.ndjson'}\n");
  const std::string dir = router.directory().path().string();
  std::vector<std::string> words = {"--to",      "unix://" + dir + "/in.sock",
                                    "--collect", dir + "/out.ndjson",
                                    "--events",  "2000",
                                    "--settle",  "3s",
                                    "--json",    "-"};
  const Finished run = bench(words);
  const Result result(run);
  CHECK(run.exit_code == 1);
  CHECK(result.number("/collected") > 0);
  CHECK(result.number("/lost") == 2'000 - result.number("/collected"));
  CHECK(result.number("/corrupted") == 0);
  CHECK(result.has("streams"));
  words.emplace_back("--allow-loss");
  CHECK(bench(words).exit_code == 0);
}

TEST_CASE("a bench collects what a router forwards") {
  const TempDir dir;
  Router router("sources: {in: 'unix://${DIR}/in.sock'}\nsinks: {out: 'unix://" +
                (dir / "out.sock") + "'}\n");
  const std::string in = (router.directory() / "in.sock");
  const Finished run =
      bench({"--to", "unix://" + in, "--collect", "unix://" + (dir / "out.sock"), "--events", "20k",
             "--json", "-", "--settle", "10s", "--late", "100ms"});
  const Result result(run);
  CHECK(run.exit_code == 0);
  CHECK(result.number("/collected") == 20'000);
  result.check_clean();
}

TEST_CASE("generate and verify work alone, and verify finds what was done to a file") {
  const TempDir dir;
  const Finished made = bench({"generate", "--events", "500", "--seed", "3"});
  REQUIRE(made.exit_code == 0);
  dir.write("all", made.out);
  const Finished whole = bench({"verify", dir / "all", "--events", "500", "--json", "-"});
  CHECK(whole.exit_code == 0);
  CHECK(Result(whole).number("/collected") == 500);

  const std::size_t second = made.out.find('\n') + 1;
  const std::size_t third = made.out.find('\n', second) + 1;
  dir.write("fewer", made.out.substr(0, second) + made.out.substr(third));
  const Finished fewer = bench({"verify", dir / "fewer", "--json", "-"});
  CHECK(fewer.exit_code == 1);
  CHECK(Result(fewer).number("/lost") == 1);
  CHECK(Result(fewer).number("/streams/0/lost_ranges/0/0") == 1);

  std::string changed = made.out;
  changed[changed.find("\"app\":\"") + 7] ^= 1;
  dir.write("changed", changed);
  const Finished corrupted = bench({"verify", dir / "changed", "--json", "-"});
  CHECK(corrupted.exit_code == 1);
  CHECK(Result(corrupted).number("/corrupted") == 1);
  CHECK(Result(corrupted).number("/lost") == 0);
}

TEST_CASE("a bench in which nothing happened is invalid, and one that cannot begin says why") {
  const TempDir dir;
  dir.write("empty", "");
  const Finished nothing = bench({"verify", dir / "empty", "--json", "-"});
  CHECK(nothing.exit_code == 1);
  CHECK_FALSE(Result(nothing).is("valid"));

  const Finished nobody = bench(
      {"--to", "unix://" + (dir / "none.sock"), "--events", "1", "--connect-timeout", "20ms"});
  CHECK(nobody.exit_code == 1);
  CHECK(nobody.err.find("does the router listen there?") != std::string::npos);
  CHECK(bench({"--to", "nonsense", "--events", "1"}).exit_code == 2);
  CHECK(bench({"--events", "1"}).exit_code == 2);
  CHECK(bench({"--to", "stdout", "--size", "5"}).exit_code == 2);
  const Finished gone = run_weir({"bench", "--to", "unix://" + (dir / "none.sock"), "--events", "1",
                                  "--connect-timeout", "20ms", "--", "/no/such/router"});
  CHECK(gone.exit_code == 1);
  CHECK(gone.err.find("cannot start /no/such/router") != std::string::npos);
  const Finished died = run_weir({"bench", "--to", "unix://" + (dir / "none.sock"), "--events", "1",
                                  "--connect-timeout", "60s", "--", "/bin/false"});
  CHECK(died.exit_code == 1);
  CHECK(died.err.find("the router ended before it listened") != std::string::npos);
}

TEST_CASE("options that do not go together are refused before anything begins") {
  const TempDir dir;
  const std::string to = "unix://" + (dir / "none.sock");
  dir.write("all", bench({"generate", "--events", "20"}).out);
  const std::vector<std::vector<std::string>> wrong = {
      {"generate", "--events", "5", "--", "cat"},
      {"verify", dir / "all", "--", "cat"},
      {"--to", to, "verify", dir / "all"},
      {"--to", to, "--pid", "1", "--", "cat"},
      {"--to", to, "--"},
      {"--to", to, "--pid", "0"},
      {"--to", to, "--pid", "-5"},
      {"--to", to, "--json", dir / "none/result.json"},
      {"--to", to, "--duration", "0"},
      {"--to", to, "--events", "0.4"},
      {"--to", to, "--stall-timeout", "0"},
      {"--to", to, "--collect", "stdout"},
      {"--to", to, "--collect", dir / "out", "--collect", dir / "out"},
      {"--to", "stdout", "--events", "1", "--json", "-"},
      {"generate"},
      {"generate", "--events", "5", "--seed", "-1"},
      {"generate", "--events", "5", "--size", "50"},
      {"verify", dir / "all", "--connections", "0"}};
  for (const auto& words : wrong) {
    const Finished run = bench(words);
    INFO(words.front() << " ... " << words.back() << ": " << run.err);
    CHECK(run.exit_code == 2);
    CHECK(run.out.empty());
    CHECK_FALSE(run.err.empty());
  }
}

TEST_CASE("verify knows how many connections the events were sent over") {
  const TempDir dir;
  const Finished made =
      bench({"--to", "stdout", "--connections", "3", "--events", "20", "--quiet"});
  CHECK(made.exit_code == 0);
  // The report does not stand among the events.
  CHECK(made.err.find("PASSED") != std::string::npos);
  CHECK(made.out.find("PASSED") == std::string::npos);
  dir.write("all", made.out);
  const std::vector<std::string> verify = {"verify", dir / "all", "--json", "-", "--events"};
  const auto with = [&](const char* events, const char* connections) {
    std::vector<std::string> words = verify;
    words.insert(words.end(), {events, "--connections", connections});
    return bench(words);
  };
  CHECK(with("20", "3").exit_code == 0);
  const Finished more = with("22", "3");
  CHECK(more.exit_code == 1);
  CHECK(Result(more).number("/lost") == 2);
  const Finished fewer = with("10", "3");
  CHECK(fewer.exit_code == 1);
  CHECK(fewer.out.find("10 events more than --events 10") != std::string::npos);
}

TEST_CASE("a compressed file is refused, and named where it was collected") {
  const TempDir dir;
  dir.write("out.gz", std::string("\x1f\x8b\x08") + std::string(100, 'x'));
  const Finished refused = bench({"verify", dir / "out.gz"});
  CHECK(refused.exit_code == 2);
  CHECK(refused.err.find("is compressed (gzip)") != std::string::npos);
  const Finished run = bench({"--to", "stdout", "--events", "3", "--collect", dir / "out.gz",
                              "--settle", "10ms", "--quiet"});
  CHECK(run.err.find("out.gz is compressed and cannot be read") != std::string::npos);
  CHECK(run.err.find("other lines") == std::string::npos);
}

TEST_CASE("a report that cannot be written is an error") {
  const TempDir dir;
  dir.write("all", bench({"generate", "--events", "20"}).out);
  const Finished run = run_program({"/bin/sh", "-c", "exec \"$0\" bench verify \"$1\" > /dev/full",
                                    weir_program(), dir / "all"});
  CHECK(run.exit_code == 1);
  CHECK(run.err.find("cannot write the report") != std::string::npos);
}
