#include "router/topology/plan.hpp"

#include "config/load.hpp"
#include "plugins/builtin.hpp"
#include "router/topology/active_sink.hpp"
#include "router/topology/schema.hpp"
#include "tests/support/catch.hpp"

using weir::ActiveSink;
using weir::Config;
using weir::Log;
using weir::MemoryBudget;
using weir::Metrics;
using weir::SinkRegistry;
using weir::TopologyPlan;

namespace {

struct Planner {
  Log log;
  Metrics metrics{"test"};
  SinkRegistry registry;

  Planner() { weir::register_builtin(registry); }

  TopologyPlan plan(const std::string& from, const std::string& to) {
    const Config config =
        weir::load_text("test", "data_dir: /nowhere\n", {.from = {from}, .to = {to}}, {},
                        weir::make_schema(registry), {});
    return make_plan(config, registry, log, metrics);
  }
};

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

TEST_CASE("a sink that asked is made anew when the answer changes, and no other") {
  Planner planner;
  MemoryBudget memory(1 << 20);
  const auto survives = [&](const std::string& to) {
    TopologyPlan before = planner.plan("tcp://127.0.0.1:1", to);
    const ActiveSink sink(before.sinks.front(), "", memory, planner.log, [] {});
    CHECK(sink.same_as(planner.plan("udp://127.0.0.1:1", to).sinks.front()));
    return sink.same_as(planner.plan("http://127.0.0.1:1", to).sinks.front());
  };
  CHECK_FALSE(survives("file:///nowhere/out"));
  CHECK(survives("file:///nowhere/out?sync=never"));
  CHECK(survives("tcp://127.0.0.1:1"));
}
