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
                                    "--settle",  "300ms",
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
