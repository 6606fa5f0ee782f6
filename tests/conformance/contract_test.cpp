#include <set>

#include "plugins/builtin.hpp"
#include "tests/conformance/destination.hpp"
#include "tests/conformance/rig.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace std::chrono_literals;
using weir::Batch;
using weir::SinkPlugin;
using weir::SinkRegistry;
using weir::steady_now;
using weir::SteadyTime;
using weir::test::Destination;
using weir::test::destination_rows;
using weir::test::DestinationRow;
using weir::test::lines_of;
using weir::test::Rig;

namespace {

/// What a call may take on a busy machine; less than the timeouts of the sinks, 30 s and more.
constexpr std::chrono::seconds kInTime{20};

/// Runs `test` on a new Rig for each built-in sink.
template <class Test>
void for_each_sink(Test test, const std::vector<std::string>& more = {}) {
  SinkRegistry registry;
  weir::register_builtin(registry);
  for (const DestinationRow& row : destination_rows()) {
    INFO("sink " << row.scheme);
    const SinkPlugin* plugin = registry.find(row.scheme);
    REQUIRE(plugin != nullptr);
    Rig rig(*plugin, row, more);
    test(rig);
  }
}

std::string as_lines(const std::vector<std::string>& events) {
  std::string all;
  for (const std::string& event : events) all += event + "\n";
  return all;
}

/// "PREFIX 0", "PREFIX 1", …, each about `bytes` long.
std::vector<std::string> numbered(const std::string& prefix, std::size_t count,
                                  std::size_t bytes = 0) {
  std::vector<std::string> events;
  for (std::size_t i = 0; i < count; ++i) {
    events.push_back(prefix + " " + std::to_string(i) + std::string(bytes, '.'));
  }
  return events;
}

/// As far as the destination can show it: these events arrived, and no others, in this order.
void check_arrived(Rig& rig, const std::vector<std::string>& events) {
  if (const auto bytes = rig.destination().bytes()) {
    const bool same = *bytes == as_lines(events);  // Not in CHECK: it would print all of it.
    CHECK(same);
  }
  if (const auto count = rig.destination().event_count(rig.context())) {
    CHECK(*count == events.size());
  }
}

}  // namespace

TEST_CASE("every built-in sink has a destination to be tested with") {
  SinkRegistry registry;
  weir::register_builtin(registry);
  std::set<std::string> with_row;
  for (const DestinationRow& row : destination_rows()) {
    CHECK(with_row.insert(row.scheme).second);
    CHECK(registry.find(row.scheme) != nullptr);
  }
  for (const SinkPlugin& plugin : registry.plugins()) {
    INFO(plugin.spec.scheme << " needs a row in tests/conformance/destinations.cpp");
    CHECK(with_row.count(plugin.spec.scheme) == 1);
  }
}

TEST_CASE("making a sink opens nothing, and works where the destination is away") {
  for_each_sink([](Rig& rig) {
    rig.make_sink();
    CHECK(rig.destination().is_untouched());
  });
  for_each_sink([](Rig& rig) {
    rig.destination().make_away();
    CHECK_NOTHROW(rig.make_sink());
  });
}

TEST_CASE("events arrive byte-exact, whatever bytes they are made of") {
  std::vector<std::string> events = {"plain text",
                                     R"({"app":"web","message":"json"})",
                                     std::string("NUL \0 inside", 12),
                                     "",
                                     "invalid \xFF\xC0\x80 UTF-8",
                                     "carriage return\r",
                                     "\x1B[31mcolour\x1B[0m {app} %Y %s",
                                     std::string(256 * 1024, 'x'),
                                     "Grüße 世界",
                                     "last"};
  for_each_sink([&](Rig& rig) {
    rig.make_sink();
    REQUIRE(rig.open());
    std::vector<Batch> batches;
    batches.push_back(rig.batch_of(events));
    REQUIRE(rig.deliver(std::move(batches)));
    check_arrived(rig, events);
  });
}

TEST_CASE("events arrive in order over many batches") {
  for_each_sink([](Rig& rig) {
    rig.make_sink();
    REQUIRE(rig.open());
    std::vector<std::string> all;
    std::vector<Batch> batches;
    for (int i = 0; i < 200; ++i) {
      const auto events = numbered("batch " + std::to_string(i), 1 + i * 7 % 100);
      all.insert(all.end(), events.begin(), events.end());
      batches.push_back(rig.batch_of(events));
    }
    REQUIRE(rig.deliver(std::move(batches)));
    check_arrived(rig, all);
  });
}

TEST_CASE("a batch without events is delivered, and adds nothing") {
  for_each_sink([](Rig& rig) {
    rig.make_sink();
    REQUIRE(rig.open());
    std::vector<Batch> batches;
    batches.push_back(rig.batch_of({}));
    batches.push_back(rig.batch_of({"one"}));
    batches.push_back(rig.batch_of({}));
    REQUIRE(rig.deliver(std::move(batches)));
    check_arrived(rig, {"one"});
  });
}

TEST_CASE("opening what is open is quick and changes nothing") {
  for_each_sink([](Rig& rig) {
    rig.make_sink();
    REQUIRE(rig.open());
    for (int i = 0; i < 10; ++i) {
      const SteadyTime before = steady_now();
      CHECK(rig.sink().open().has_value());
      CHECK(steady_now() - before < kInTime);
    }
    std::vector<Batch> batches;
    batches.push_back(rig.batch_of({"one"}));
    REQUIRE(rig.deliver(std::move(batches)));
    check_arrived(rig, {"one"});
  });
}

TEST_CASE("reopening between batches loses nothing") {
  for_each_sink([](Rig& rig) {
    rig.make_sink();
    REQUIRE(rig.open());
    for (const char* event : {"before", "after"}) {
      std::vector<Batch> batches;
      batches.push_back(rig.batch_of({event}));
      REQUIRE(rig.deliver(std::move(batches)));
      rig.sink().reopen();
    }
    check_arrived(rig, {"before", "after"});
  });
}

TEST_CASE("a sink keeps to what its traits say") {
  for_each_sink([](Rig& rig) {
    rig.make_sink();
    const weir::SinkTraits traits = rig.sink().traits();
    CHECK(traits.deliveries_max >= 1);
    REQUIRE(rig.open());
    REQUIRE(rig.write(rig.batch_of(numbered("event", 1000))));
    if (traits.settles_in_write || traits.never_blocks) CHECK(rig.owner().out() == 0);
    rig.sink().close(steady_now());
    CHECK(rig.owner().out() == 0);
  });
}

TEST_CASE("while the destination is away everything comes back, and arrives once it returns") {
  for_each_sink([](Rig& rig) {
    if (!rig.destination().make_away()) return;
    rig.make_sink();
    CHECK(rig.sink().open().has_error());
    // The runner does not write after that; a sink that is asked to all the same loses nothing.
    REQUIRE(rig.write(rig.batch_of({"early"})));
    rig.sink().poll(1ms);
    REQUIRE(rig.owner().settled.size() == 1);
    CHECK_FALSE(rig.owner().settled[0].fate.delivered);
    CHECK(rig.owner().settled[0].fate.cause.failed());
    CHECK(rig.owner().settled[0].batch.size() == 1);
    rig.owner().settled.clear();

    const auto events = numbered("event", 100);
    std::vector<Batch> batches;
    for (const std::string& event : events) batches.push_back(rig.batch_of({event}));
    int calls = 0;
    REQUIRE(rig.deliver(std::move(batches), [&] {
      if (++calls == 10) rig.destination().make_present();
    }));
    check_arrived(rig, events);
  });
}

TEST_CASE("a destination that goes while events are on their way costs none of them") {
  for_each_sink([](Rig& rig) {
    rig.make_sink();
    REQUIRE(rig.open());
    const auto events = numbered("event", 500, 1000);
    std::vector<Batch> batches;
    for (std::size_t i = 0; i < events.size(); i += 10) {
      batches.push_back(rig.batch_of({events.begin() + static_cast<std::ptrdiff_t>(i),
                                      events.begin() + static_cast<std::ptrdiff_t>(i + 10)}));
    }
    int calls = 0;
    int breaks = 0;
    bool is_away = false;
    bool can_break = false;
    REQUIRE(rig.deliver(std::move(batches), [&] {
      if (++calls % 20 == 7 && breaks < 5) can_break = is_away = rig.destination().break_off();
      if (calls % 20 != 12 || !is_away) return;
      rig.destination().make_present();
      is_away = false;
      ++breaks;
    }));
    // Answers that were on their way may have settled everything while it was away.
    if (is_away) {
      rig.destination().make_present();
      ++breaks;
    }
    CHECK((breaks > 0) == can_break);
    const auto bytes = rig.destination().bytes();
    if (!bytes) return;
    // Some come twice and some in halves, but each comes whole, and none before its predecessor.
    const std::vector<std::string> lines = lines_of(*bytes);
    std::size_t next = 0;
    for (const std::string& line : lines) {
      if (next < events.size() && line.size() >= events[next].size() &&
          line.substr(line.size() - events[next].size()) == events[next]) {
        ++next;
      }
    }
    CHECK(next == events.size());
  });
}

TEST_CASE("a sink with a stuck destination returns in time from every call") {
  for_each_sink([](Rig& rig) {
    if (!rig.destination().make_stuck()) return;
    rig.make_sink();
    REQUIRE(rig.open());
    const std::string large(1 << 20, 'x');
    while (rig.owner().settled.empty() && rig.owner().out() < rig.sink().traits().deliveries_max) {
      const SteadyTime before = steady_now();
      REQUIRE(rig.write(rig.batch_of({large, large})));
      CHECK(steady_now() - before < kInTime);
    }
    const SteadyTime before = steady_now();
    rig.sink().poll(50ms);
    CHECK(steady_now() - before < kInTime);
    for (const auto& settled : rig.owner().settled) CHECK_FALSE(settled.fate.delivered);

    const SteadyTime closing = steady_now();
    rig.sink().close(closing + 200ms);
    CHECK(steady_now() - closing < kInTime);
    CHECK(rig.owner().out() == 0);
    for (const auto& settled : rig.owner().settled) CHECK_FALSE(settled.fate.delivered);
  });
}

TEST_CASE("a sink that is closed with its deadline in the past settles everything at once") {
  for_each_sink([](Rig& rig) {
    rig.destination().make_stuck();
    rig.make_sink();
    REQUIRE(rig.open());
    REQUIRE(rig.write(rig.batch_of({std::string(8 << 20, 'x')})));
    const SteadyTime closing = steady_now();
    rig.sink().close(closing - 1h);
    CHECK(steady_now() - closing < kInTime);
    CHECK(rig.owner().out() == 0);
  });
}

TEST_CASE("a sink that was never opened closes") {
  for_each_sink([](Rig& rig) {
    rig.make_sink();
    rig.sink().poll(0ms);
    rig.sink().close(steady_now());
    CHECK(rig.owner().settled.empty());
  });
}

TEST_CASE("what a sink holds when it is destroyed comes back for another try") {
  for_each_sink([](Rig& rig) {
    const bool is_stuck = rig.destination().make_stuck();
    rig.make_sink();
    REQUIRE(rig.open());
    REQUIRE(rig.write(rig.batch_of({std::string(8 << 20, 'x')})));
    rig.destroy_sink();
    CHECK(rig.owner().out() == 0);
    REQUIRE(rig.owner().settled.size() == 1);
    if (is_stuck) {
      CHECK_FALSE(rig.owner().settled[0].fate.delivered);
      CHECK(rig.owner().settled[0].batch.size() == 1);
    }
  });
}

TEST_CASE("encoding=json wraps text and keeps every event on one line") {
  for_each_sink(
      [](Rig& rig) {
        rig.make_sink();
        REQUIRE(rig.open());
        std::vector<Batch> batches;
        batches.push_back(rig.batch_of({"two\nlines \"quoted\"", "second"}));
        REQUIRE(rig.deliver(std::move(batches)));
        const auto bytes = rig.destination().bytes();
        if (!bytes) return;
        const auto lines = lines_of(*bytes);
        REQUIRE(lines.size() == 2);
        CHECK(lines[0].find(R"("message":"two\nlines \"quoted\"")") != std::string::npos);
        CHECK(lines[0].front() == '{');
        CHECK(lines[0].back() == '}');
        CHECK(lines[1].find(R"("message":"second")") != std::string::npos);
      },
      {"encoding: json"});
}
