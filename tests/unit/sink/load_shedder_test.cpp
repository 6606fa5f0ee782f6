// What goes first while a sink's queue fills up, and that the books know it.

#include "router/sink/load_shedder.hpp"

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "router/sink/runner.hpp"
#include "tests/support/await.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace std::chrono_literals;
using namespace weir;
using namespace weir::test;

namespace {

class NotedReceipt final : public Receipt {
 public:
  explicit NotedReceipt(Ack ack) : Receipt(ack) {}
  std::atomic<bool> answered{false};
  std::atomic<std::uint64_t> refusals{0};
  void refused(Reason reason, std::uint64_t events) noexcept override {
    if (reason == Reason::Shed) refusals += events;
  }

 private:
  void settled(bool) noexcept override { answered = true; }
};

Batch one_of_each(BatchBuilder& builder) {
  for (const char* level :
       {"emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"}) {
    builder.json(level, {Value::string(level)});
  }
  return builder.take();
}

/// The events that are left of one_of_each() at that fullness.
std::string left(LoadShedder& shedder, double fullness) {
  BatchBuilder builder(1);
  Batch batch = one_of_each(builder);
  const SeverityCounts shed = shedder.thin(batch, fullness, false);
  CHECK(shed.total() + batch.size() == kSeverityCount);
  std::string initials;
  for (const Event& event : batch.events()) {
    initials += event.bytes()[0];
    const auto kept = severity_of(event.bytes());
    CHECK((kept && shed[*kept] == 0));
  }
  return initials;
}

}  // namespace

TEST_CASE("the fuller, the more important is what goes", "[sink]") {
  const auto at = [](double fullness, Severity floor) {
    LoadShedder shedder({.floor = floor});
    return left(shedder, fullness);
  };
  CHECK(at(0, Severity::Error) == "eacewnid");
  CHECK(at(0.49, Severity::Error) == "eacewnid");
  CHECK(at(0.5, Severity::Error) == "eacewni");
  CHECK(at(0.75, Severity::Error) == "eacewn");
  CHECK(at(0.875, Severity::Error) == "eace");
  CHECK(at(5, Severity::Error) == "eace");
  CHECK(at(0.875, Severity::Critical) == "eace");
  CHECK(at(0.9375, Severity::Critical) == "eac");
  CHECK(at(5, Severity::Emergency) == "e");
  CHECK(at(5, Severity::Warning) == "eacew");
  CHECK(at(5, Severity::Info) == "eacewni");
}

TEST_CASE("what has begun to go goes until an eighth is free again", "[sink]") {
  LoadShedder shedder({});
  CHECK(left(shedder, 0.5) == "eacewni");
  CHECK(left(shedder, 0.4) == "eacewni");
  CHECK(left(shedder, 0.374) == "eacewnid");
  CHECK(left(shedder, 0.49) == "eacewnid");
  CHECK(left(shedder, 0.9) == "eace");
  CHECK(left(shedder, 0.75) == "eace");
  CHECK(left(shedder, 0.74) == "eacewn");
  CHECK(left(shedder, 0.0) == "eacewnid");
}

TEST_CASE("without a field a PRI tells the severity, and without both it is assumed", "[sink]") {
  BatchBuilder builder(2);
  const Value other = Value::string("debug");  // Another column of the sink.
  builder.line("<7>pri debug", {other, Value()});
  builder.line("<3>pri error", {other, Value()});
  builder.line("plain", {other, Value()});
  builder.json("unreadable", {other, Value::string("loud")});
  builder.json("<3>not asked", {other, Value::of(std::int64_t{7})});
  Batch batch = builder.take();
  LoadShedder shedder({.unknown = Severity::Notice, .column = 1});
  std::vector<Severity> found;
  for (std::size_t i = 0; i < batch.size(); ++i) found.push_back(shedder.severity(batch, i));
  CHECK(found == std::vector{Severity::Debug, Severity::Error, Severity::Notice, Severity::Notice,
                             Severity::Debug});
}

TEST_CASE("who waits for a shed event is told, but of what is to be durable none is shed",
          "[sink]") {
  const bool has_spool = GENERATE(false, true);
  BatchBuilder builder(1);
  NotedReceipt delivered(Ack::Delivered);
  NotedReceipt durable(Ack::Durable);
  builder.json("a", {Value::string("debug")}).json("b", {Value::string("error")});
  builder.origin("other", 1).json("c", {Value::string("debug")});
  builder.json("d", {Value::string("debug")});
  Batch batch = builder.take();
  batch.attach(0, ReceiptRef(&delivered));
  batch.attach(1, ReceiptRef(&durable));
  LoadShedder shedder({});
  const SeverityCounts shed = shedder.thin(batch, 1, has_spool);
  CHECK(shed[Severity::Debug] == (has_spool ? 1 : 3));
  CHECK(delivered.refusals == 1);
  CHECK_FALSE(delivered.answered);
  CHECK(durable.refusals == (has_spool ? 0 : 2));
  CHECK(durable.answered == !has_spool);
}

namespace {

/// Holds what it is given until it is uncorked.
class CorkedSink final : public Sink {
 public:
  explicit CorkedSink(std::atomic<bool>& corked, std::vector<std::string>& taken)
      : corked_(corked), taken_(taken) {}
  SinkTraits traits() const noexcept override { return {}; }
  Result<void> open() override { return {}; }
  void write(Delivery delivery) override {
    held_.push_back(std::move(delivery));
    settle();
  }
  void poll(std::chrono::milliseconds) override { settle(); }
  void close(SteadyTime) noexcept override { settle(); }

 private:
  void settle() {
    if (corked_) return;
    for (Delivery& delivery : held_) {
      for (const Event& event : delivery.batch().events()) taken_.emplace_back(event.bytes());
      std::move(delivery).delivered();
    }
    held_.clear();
  }
  std::atomic<bool>& corked_;
  std::vector<std::string>& taken_;
  std::vector<Delivery> held_;
};

constexpr std::size_t kBlockBytes = 4096;

class ConstantColumns final : public ColumnSource {
 public:
  std::span<const Value> columns(const Event&, const Origin&) override { return {&none_, 1}; }

 private:
  Value none_;
};

/// A runner that sheds, before a sink that takes nothing until it is let.
class Rig {
 public:
  explicit Rig(std::optional<SpoolOptions> spool = std::nullopt)
      : runner(std::make_unique<CorkedSink>(corked, taken),
               {.name = "out",
                .url = "test",
                .buffer_bytes_max = 64 * kBlockBytes,
                .when_full = WhenFull::Shed,
                .retry = {.first = 1ms, .longest = 5ms},
                .shed = ShedOptions{},
                .column_count = 1,
                .columns = std::make_shared<ConstantColumns>(),
                .spool = std::move(spool)},
               memory_, log_, [] {}) {
    REQUIRE(runner.open_spool().has_value());
    runner.start();
  }

  /// A block full of events of that level: "<level> <number>".
  void offer(const char* level) {
    for (int i = 0; i < 10; ++i) {
      const std::string text = std::string(level) + ' ' + std::to_string(offered_++);
      builder_.json(text + std::string(300, '.'), {Value::string(level)});
    }
    runner.offer(builder_.take(), pool_);
  }
  SinkBalance balance() const {
    SinkBalance balance;
    runner.fill(balance);
    CHECK(balance.imbalance() == 0);
    return balance;
  }
  /// Lets the sink go and returns how many events of `level` it was given.
  void end() {
    corked = false;
    runner.begin_drain(steady_now() + 10s);
    runner.finish_drain();
  }
  std::size_t arrived(const std::string& level) const {
    return static_cast<std::size_t>(std::count_if(
        taken.begin(), taken.end(),
        [&](const std::string& text) { return text.compare(0, level.size(), level) == 0; }));
  }

  std::atomic<bool> corked{true};
  std::vector<std::string> taken;

 private:
  MemoryBudget memory_{1 << 28};
  BlockPool pool_{memory_, kBlockBytes, 4};
  BatchBuilder builder_{1, kBlockBytes};
  Log log_{{.level = LogLevel::Error}};
  int offered_ = 0;

 public:
  SinkRunner runner;
};

}  // namespace

TEST_CASE("a sink that stands still loses debug first, and of errors none", "[sink]") {
  Rig rig;
  std::uint64_t offered = 0;
  std::uint64_t errors = 0;
  while (!rig.runner.under_pressure()) {
    for (const char* level : {"debug", "info", "warning", "debug", "error"}) {
      rig.offer(level);
      offered += 10;
    }
    errors += 10;
    REQUIRE(offered < 100'000);
  }
  const SinkBalance full = rig.balance();
  CHECK(full.offered == offered);
  CHECK(full.dropped.total() == full.dropped[Reason::Shed]);
  CHECK(full.shed.total() == full.dropped[Reason::Shed]);
  CHECK(full.in_memory + full.dropped.total() == offered);
  // Per level offered: twice as much debug.
  CHECK(full.shed[Severity::Debug] / 2 > full.shed[Severity::Info]);
  CHECK(full.shed[Severity::Info] > full.shed[Severity::Warning]);
  CHECK(full.shed[Severity::Warning] > 0);
  CHECK(full.shed[Severity::Error] == 0);
  rig.end();
  CHECK(rig.arrived("error") == errors);
  CHECK(rig.arrived("debug") == 2 * errors - full.shed[Severity::Debug]);
  CHECK(rig.balance().delivered == offered - full.dropped.total());
}

TEST_CASE("what is left of a thinned batch does not keep the memory of all of it", "[sink]") {
  Rig rig;
  BatchBuilder builder(1, 64 * kBlockBytes);
  MemoryBudget memory(1 << 28);
  BlockPool pool(memory, kBlockBytes, 4);
  const auto offer = [&](int errors) {
    for (int i = 0; i < 100; ++i) {
      builder.json(std::string(100, 'x'), {Value::string(i < errors ? "error" : "debug")});
    }
    rig.runner.offer(builder.take(), pool);
  };
  while (rig.balance().buffer_bytes < 32 * kBlockBytes) rig.offer("error");
  const std::uint64_t before = rig.balance().buffer_bytes;
  offer(5);  // In a block that alone is as large as the buffer.
  CHECK(rig.balance().buffer_bytes - before < 4 * kBlockBytes);
  CHECK(rig.balance().shed[Severity::Debug] == 95);
  rig.end();
  CHECK(rig.balance().in_memory == 0);
}

TEST_CASE("a spool fills up by severity, and its last part is for errors", "[spool]") {
  const TempDir dir;
  constexpr std::uint64_t kSpoolBytes = 2 << 20;
  SpoolOptions spool;
  spool.log = {.directory = dir / "s", .bytes_max = kSpoolBytes, .segment_bytes = 64 * 1024};
  Rig rig(spool);
  // More of each than the spool can hold; the disk keeps up.
  std::map<std::string, std::uint64_t> held;
  bool pressed_back = false;
  for (const std::string level : {"debug", "info", "warning", "error"}) {
    const std::uint64_t before = rig.balance().in_spool + rig.balance().in_memory;
    pressed_back = false;
    REQUIRE(await([&] { return rig.balance().buffer_bytes < 32 * kBlockBytes; }));
    for (int i = 0; i < 1000 && !pressed_back; ++i) {
      rig.offer(level.c_str());
      pressed_back = rig.runner.under_pressure();
      const auto keeps_up = [&] { return rig.balance().buffer_bytes < 48 * kBlockBytes; };
      if (level != "error") REQUIRE(await(keeps_up));
    }
    held[level] = rig.balance().in_spool + rig.balance().in_memory - before;
    INFO(level << ": " << held[level] << ", bytes " << rig.balance().spool_bytes);
    CHECK(rig.balance().shed[Severity::Error] == 0);
    if (level == "debug") CHECK(rig.balance().spool_bytes < kSpoolBytes * 5 / 8);
    if (level == "warning") CHECK(rig.balance().spool_bytes < kSpoolBytes);
    CHECK(held[level] * 310 > kSpoolBytes / 32);  // Each has a part, and errors one on disk.
  }
  CHECK(pressed_back);
  CHECK(rig.balance().dropped.total() == rig.balance().shed.total());
  rig.corked = false;
  REQUIRE(await([&] { return rig.balance().in_memory + rig.balance().in_spool == 0; }));
  rig.end();
  for (const auto& [level, count] : held) CHECK(rig.arrived(level) == count);
  const auto number = [](const std::string& text) {
    return std::stoi(text.substr(text.find(' ')));
  };
  CHECK(std::is_sorted(rig.taken.begin(), rig.taken.end(),
                       [&](const auto& a, const auto& b) { return number(a) < number(b); }));
  // Once all of it is delivered there is room for everything again.
  CHECK(rig.balance().delivered == held["debug"] + held["info"] + held["warning"] + held["error"]);
}

TEST_CASE("with a spool nothing is shed while the disk takes it", "[spool]") {
  const TempDir dir;
  SpoolOptions spool;
  spool.log = {.directory = dir / "s", .bytes_max = 1 << 20, .segment_bytes = 64 * 1024};
  Rig rig(spool);
  for (int i = 0; i < 100; ++i) {  // More than memory holds, less than the spool.
    rig.offer("debug");
    REQUIRE(await([&] { return rig.balance().buffer_bytes < 48 * kBlockBytes; }));
  }
  CHECK(rig.balance().shed.total() == 0);

  std::uint64_t errors = 0;
  while (!rig.runner.under_pressure()) {  // Until the spool is at its limit, and memory, too.
    rig.offer("debug");
    rig.offer("error");
    errors += 10;
    REQUIRE(errors < 100'000);
  }
  CHECK(rig.balance().shed[Severity::Debug] > 0);
  CHECK(rig.balance().shed[Severity::Error] == 0);
  rig.corked = false;
  REQUIRE(await([&] { return rig.balance().in_memory + rig.balance().in_spool == 0; }));
  rig.end();
  CHECK(rig.arrived("error") == errors);
}
