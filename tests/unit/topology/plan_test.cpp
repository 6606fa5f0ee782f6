#include "router/topology/plan.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "config/component.hpp"
#include "config/load.hpp"
#include "plugins/builtin.hpp"
#include "router/ingest/source_options.hpp"
#include "router/topology/active_sink.hpp"
#include "router/topology/schema.hpp"
#include "router/topology/spool_options.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using weir::ActiveSink;
using weir::Config;
using weir::Log;
using weir::MemoryBudget;
using weir::Metrics;
using weir::SinkRegistry;
using weir::TopologyPlan;
using weir::test::TempDir;

namespace {

struct Planner {
  Log log;
  Metrics metrics{"test"};
  SinkRegistry registry;

  Planner() { weir::register_builtin(registry); }

  Config load(const std::string& from, const std::string& to,
              const std::string& text = "data_dir: /nowhere\n") {
    weir::CommandLine line{.from = {from}};
    if (!to.empty()) line.to = {to};
    return weir::load_text("test", text, line, {}, weir::make_schema(registry), {});
  }

  TopologyPlan plan(const Config& config) { return make_plan(config, registry, log, metrics); }

  TopologyPlan plan(const std::string& from, const std::string& to) { return plan(load(from, to)); }
};

void write_file(const std::filesystem::path& path) { std::ofstream(path) << "x"; }

}  // namespace

TEST_CASE("a sink is relied on where a source tells its senders what is safe") {
  Planner planner;
  const auto relied_on = [&](const std::string& from) {
    return planner.plan(from, "file:///nowhere/out").sinks.front().relied_on;
  };
  CHECK(relied_on("tcp://127.0.0.1:1") == false);
  CHECK(relied_on("http://127.0.0.1:1?ack=received") == false);
  CHECK(relied_on("http://127.0.0.1:1?ack=delivered") == true);
  CHECK(relied_on("http://127.0.0.1:1") == true);
  CHECK(relied_on("forward://127.0.0.1:1") == true);
  CHECK(relied_on("kafka://127.0.0.1:1/topic?group=g") == true);
}

TEST_CASE("a sink is relied on where a command sends events again") {
  Planner planner;
  Config config = planner.load("tcp://127.0.0.1:1", "file:///nowhere/out");
  config.sources = {weir::make_component("again", weir::feed_spec())};
  CHECK(planner.plan(config).sinks.front().relied_on == true);
}

TEST_CASE("a sink is relied on where something lies in its spool, or is rejected from there") {
  Planner planner;
  const TempDir dir;
  const std::string text = "data_dir: " + (dir / "") + R"(
sinks:
  out: {url: "file:///nowhere/out", dead_letter: letters}
  letters: file:///nowhere/letters
  other: file:///nowhere/other
)";
  const auto relied_on = [&] {
    std::map<std::string, bool> answers;
    for (const auto& sink : planner.plan(planner.load("tcp://127.0.0.1:1", "", text)).sinks) {
      if (sink.relied_on) answers[sink.settings.name()] = *sink.relied_on;
    }
    return answers;
  };
  const std::map<std::string, bool> nobody{{"out", false}, {"letters", false}, {"other", false}};
  CHECK(relied_on() == nobody);
  const std::filesystem::path spool = weir::spool_path(dir / "", "out");
  std::filesystem::create_directories(spool);
  write_file(spool / "cursor");  // All of it was delivered.
  CHECK(relied_on() == nobody);
  const std::string name = GENERATE("0000000000000001.seg", "front.seg");
  write_file(spool / name);
  CHECK(relied_on() ==
        std::map<std::string, bool>{{"out", true}, {"letters", true}, {"other", false}});
}

TEST_CASE("a plan is outdated where by now somebody relies on a sink that was told otherwise") {
  Planner planner;
  const TempDir dir;
  const std::string text = "data_dir: " + (dir / "") + R"(
sinks:
  out: {url: "file:///nowhere/out", dead_letter: letters}
  letters: file:///nowhere/letters
)";
  const Config config = planner.load("tcp://127.0.0.1:1", "", text);
  const TopologyPlan plan = planner.plan(config);
  CHECK(plan.relied_on.empty());
  CHECK_FALSE(is_outdated(plan, config, {}));
  CHECK_FALSE(is_outdated(plan, config, {"other"}));
  CHECK(is_outdated(plan, config, {"letters"}));
  CHECK(is_outdated(plan, config, {"out"}));
  const TopologyPlan anew =
      make_plan(config, planner.registry, planner.log, planner.metrics, {"out"});
  CHECK(anew.relied_on == std::set<std::string>{"letters", "out"});
  for (const auto& sink : anew.sinks) CHECK(sink.relied_on == true);

  const std::filesystem::path spool = weir::spool_path(dir / "", "out");
  std::filesystem::create_directories(spool);
  write_file(spool / "0000000000000001.seg");
  CHECK(is_outdated(plan, config, {}));
  CHECK_FALSE(is_outdated(planner.plan(config), config, {}));
}

TEST_CASE("a sink that asked is made anew when the answer changes, and no other") {
  Planner planner;
  MemoryBudget memory(1 << 20);
  const auto survives = [&](const std::string& to) {
    TopologyPlan before = planner.plan("tcp://127.0.0.1:1", to);
    const ActiveSink sink(before.sinks.front(), "", memory, planner.log, [] {});
    CHECK(sink.same_as(planner.plan("udp://127.0.0.1:1", to).sinks.front()));
    return sink.same_as(planner.plan("http://127.0.0.1:1", to).sinks.front());
  };
  const auto outlives_source = [&](const std::string& to) {
    TopologyPlan before = planner.plan("http://127.0.0.1:1", to);
    const ActiveSink sink(before.sinks.front(), "", memory, planner.log, [] {});
    return sink.same_as(planner.plan("tcp://127.0.0.1:1", to).sinks.front());
  };
  CHECK(outlives_source("file:///nowhere/out"));  // What was promised may be on its way.
  CHECK_FALSE(survives("file:///nowhere/out"));
  CHECK(survives("file:///nowhere/out?sync=never"));
  CHECK(survives("tcp://127.0.0.1:1"));
}
