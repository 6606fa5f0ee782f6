#include <boost/json.hpp>
#include <stdexcept>

#include "router/telemetry/ledger.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/telemetry/sample_balance.hpp"

namespace json = boost::json;
using weir::Balance;

TEST_CASE("a balance read back from its JSON is the same balance", "[telemetry]") {
  const Balance balance = weir::test::sample_balance();
  const std::string text = weir::to_json(balance);
  CHECK(text.find('\n') == std::string::npos);
  const Balance read = weir::balance_from_json(text);
  CHECK(weir::to_json(read) == text);

  CHECK(read.sources.at(0).received == 100);
  CHECK(read.sources[0].paused);
  CHECK(read.sinks.at(0).dropped[weir::Reason::BufferFull] == 5);
  CHECK(read.sinks[0].delivery_buckets == balance.sinks[0].delivery_buckets);
  CHECK(read.sinks[0].trouble == "no space left on device");
  CHECK(read.routes.at(0).matched == 90);
  CHECK(read.uptime_seconds == 12.5);
}

TEST_CASE("what was shed is there by severity, and may be missing", "[telemetry]") {
  Balance balance = weir::test::sample_balance();
  balance.sinks[0].shed[weir::Severity::Debug] = 3;
  balance.sinks[0].shed[weir::Severity::Notice] = 1;
  json::object object = json::parse(weir::to_json(balance)).as_object();
  json::object& sink = object.at("sinks").at(0).as_object();
  CHECK(sink.at("shed").at("debug").to_number<int>() == 3);
  CHECK(sink.at("shed").as_object().size() == weir::kSeverityCount);
  const Balance read = weir::balance_from_json(json::serialize(object));
  CHECK(read.sinks.at(0).shed[weir::Severity::Notice] == 1);
  CHECK(read.sinks.at(0).shed.total() == 4);
  sink.erase("shed");  // A router of another version.
  CHECK(weir::balance_from_json(json::serialize(object)).sinks.at(0).shed.total() == 0);
}

TEST_CASE("the JSON has every reason, the imbalances and the verdict", "[telemetry]") {
  Balance balance = weir::test::sample_balance();
  json::object object = json::parse(weir::to_json(balance)).as_object();
  CHECK(object.at("balanced").as_bool());
  CHECK(object.at("lost").to_number<int>() == 10);
  CHECK(object.at("sinks").at(0).at("dropped").as_object().size() == weir::kReasonCount);
  CHECK(object.at("sinks").at(0).at("dropped").at("shutdown").to_number<int>() == 0);

  balance.sinks[0].delivered += 7;
  object = json::parse(weir::to_json(balance)).as_object();
  CHECK_FALSE(object.at("balanced").as_bool());
  CHECK(object.at("imbalance").to_number<int>() == 7);
  CHECK(object.at("sinks").at(0).at("imbalance").to_number<int>() == -7);
}

TEST_CASE("counts above 2^63 and numbers that JSON does not have survive", "[telemetry]") {
  Balance balance = weir::test::sample_balance();
  balance.sources[0].received_bytes = ~std::uint64_t{0};
  balance.sinks[0].oldest_event_seconds = std::numeric_limits<double>::infinity();
  const Balance read = weir::balance_from_json(weir::to_json(balance));
  CHECK(read.sources[0].received_bytes == ~std::uint64_t{0});
  CHECK(read.sinks[0].oldest_event_seconds == 0);
}

TEST_CASE("text that is not UTF-8 does not make the JSON invalid", "[telemetry]") {
  Balance balance = weir::test::sample_balance();
  balance.sinks[0].trouble = "bad \xff\x1b\u009b name";
  const std::string text = weir::to_json(balance);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\u009b") == std::string::npos);
  const json::value value = json::parse(text);
  CHECK(value.at("sinks").at(0).at("trouble").as_string() == "bad \ufffd\x1b\u009b name");
}

TEST_CASE("what is not a ledger is refused", "[telemetry]") {
  const auto bad = GENERATE(as<std::string>{}, "", "no", "[]", "{}", "{\"sources\":[]}",
                            R"({"copies_handed_out":0,"sources":0,"routes":[],"sinks":[]})",
                            R"({"copies_handed_out":-1,"sources":[],"routes":[],"sinks":[]})");
  INFO(bad);
  CHECK_THROWS_AS(weir::balance_from_json(bad), std::invalid_argument);
  CHECK(weir::balance_from_json(R"({"copies_handed_out":0,"sources":[],"routes":[],"sinks":[]})")
            .imbalance() == 0);
}

TEST_CASE("an account without one of its terms, or with an unknown reason, is refused",
          "[telemetry]") {
  const json::value whole = json::parse(weir::to_json(weir::test::sample_balance()));
  const auto key = GENERATE(as<std::string>{}, "offered", "delivered", "dead_lettered", "in_memory",
                            "in_spool", "dropped", "name");
  INFO(key);
  json::value part = whole;
  part.at("sinks").at(0).as_object().erase(key);
  CHECK_THROWS_AS(weir::balance_from_json(json::serialize(part)), std::invalid_argument);

  part = whole;
  part.at("sinks").at(0).at("dropped").as_object()["moonlight"] = 1;
  CHECK_THROWS_AS(weir::balance_from_json(json::serialize(part)), std::invalid_argument);

  part = whole;
  part.at("sinks").at(0).as_object().erase("retries");  // State may be missing.
  CHECK(weir::balance_from_json(json::serialize(part)).sinks[0].retries == 0);
}
