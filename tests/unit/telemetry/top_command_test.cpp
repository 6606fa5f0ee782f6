#include "router/main/top_command.hpp"

#include <cmath>
#include <sstream>

#include "tests/support/catch.hpp"
#include "tests/unit/telemetry/admin_fixture.hpp"
#include "tests/unit/telemetry/sample_balance.hpp"

using weir::Balance, weir::SinkBalance, weir::delivery_quantile, weir::top_text;
using namespace std::chrono_literals;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The words of the line that begins with `name`.
std::vector<std::string> row(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::vector<std::string> cells;
    for (std::string word; words >> word;) cells.push_back(word);
    if (!cells.empty() && cells[0] == name) return cells;
  }
  return {};
}

bool near(double a, double b) { return std::abs(a - b) < 1e-9; }

}  // namespace

TEST_CASE("rates are what was added between two samples, by the router's clock", "[telemetry]") {
  const Balance before = weir::test::sample_balance();
  Balance now = before;
  now.uptime_seconds += 2;
  now.sources[0].received += 2'469'134;
  now.sources[0].received_bytes += 4 << 20;
  now.routes[0].matched += 3;
  now.sinks[0].delivered += 2000;
  const std::string text = top_text(before, now);
  INFO(text);
  CHECK(row(text, "apps").at(1) == "1,234,567");
  CHECK(row(text, "apps").at(2) == "2.0");
  CHECK(row(text, "apps").at(3) == "MiB");
  CHECK(row(text, "apps").back() == "paused");
  CHECK(row(text, "everything").at(1) == "1.5");
  CHECK(row(text, "archive").at(1) == "1,000");
  CHECK(contains(text, "4.0 KiB of 64.0 MiB"));
  CHECK(contains(text, "1.5 s"));
  CHECK(contains(text, "no space left on device"));
  CHECK(contains(text, "lost 10"));
}

TEST_CASE("a router that was started anew counts from nothing", "[telemetry]") {
  const Balance before = weir::test::sample_balance();
  Balance now = before;
  now.uptime_seconds = 10;
  now.sources[0].received = 50;
  CHECK(row(top_text(before, now), "apps").at(1) == "5.0");
}

TEST_CASE("a component that is new has its whole count in its rate", "[telemetry]") {
  Balance before = weir::test::sample_balance();
  Balance now = before;
  now.uptime_seconds += 1;
  before.sinks.clear();
  CHECK(row(top_text(before, now), "archive").at(1) == "70");
}

TEST_CASE("books that do not balance are shown", "[telemetry]") {
  Balance now = weir::test::sample_balance();
  CHECK(contains(top_text({}, now), "  balanced\n"));
  now.sinks[0].in_memory += 4;
  CHECK(contains(top_text({}, now), "4 EVENTS UNACCOUNTED FOR"));
}

TEST_CASE("quantiles are interpolated inside the bucket of what was added", "[telemetry]") {
  SinkBalance before;
  SinkBalance now;
  CHECK(delivery_quantile(before, now, 0.5) == 0);

  before.delivery_buckets[0] = 1000;  // Long ago.
  now.delivery_buckets[0] = 1000;
  now.delivery_buckets[3] = 90;  // 0.5 ms .. 1 ms
  now.delivery_buckets[9] = 10;  // 50 ms .. 100 ms
  CHECK(near(delivery_quantile(before, now, 0.45), 0.00075));
  CHECK(near(delivery_quantile(before, now, 0.9), 0.001));
  CHECK(near(delivery_quantile(before, now, 0.95), 0.075));
  CHECK(near(delivery_quantile(before, now, 1), 0.1));

  now.delivery_buckets.back() = 100;
  CHECK(std::isinf(delivery_quantile(before, now, 0.99)));
}

TEST_CASE("top prints one picture where nobody watches, and fails without a router",
          "[telemetry]") {
  weir::test::AdminFixture admin;
  std::ostringstream out;
  std::ostringstream errors;
  weir::TopCommand command{.control_socket = admin.control_socket(), .interval = 1ms};
  CHECK(weir::top_command(command, out, errors) == 0);
  CHECK(errors.str().empty());
  CHECK_FALSE(contains(out.str(), "\x1b"));
  CHECK(row(out.str(), "archive").size() > 5);

  out.str("");
  command.is_terminal = true;
  command.once = true;
  CHECK(weir::top_command(command, out, errors) == 0);
  CHECK_FALSE(contains(out.str(), "\x1b"));

  command.control_socket += ".gone";
  CHECK(weir::top_command(command, out, errors) == 1);
  CHECK(contains(errors.str(), "no router answers on " + command.control_socket));
}

TEST_CASE("top draws anew on a terminal until the router is gone", "[telemetry]") {
  weir::test::AdminFixture admin;
  const weir::TopCommand command{
      .control_socket = admin.control_socket(), .is_terminal = true, .interval = 1ms};
  // A stream that stops the router at the third picture.
  struct Screen : std::stringbuf {
    explicit Screen(weir::test::AdminFixture& fixture) : admin(fixture) {}
    int sync() override {
      if (++pictures == 3) admin.stop();
      return 0;
    }
    weir::test::AdminFixture& admin;
    int pictures = 0;
  } screen(admin);
  std::ostream out(&screen);
  std::ostringstream errors;
  CHECK(weir::top_command(command, out, errors) == 1);
  CHECK(screen.pictures >= 3);
  CHECK(screen.str().starts_with("\x1b[2J\x1b[H"));
  CHECK(contains(errors.str(), "no router answers"));
}
