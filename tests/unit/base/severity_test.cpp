#include "router/base/severity.hpp"

#include <limits>
#include <string>

#include "tests/support/catch.hpp"

using weir::Severity;
using weir::severity_of;
using weir::severity_of_pri;
using weir::Value;
using enum weir::Severity;

TEST_CASE("a severity's names are read in any case", "[base]") {
  CHECK(severity_of("emerg") == Emergency);
  CHECK(severity_of("ALERT") == Alert);
  CHECK(severity_of("Critical") == Critical);
  CHECK(severity_of("crit") == Critical);
  CHECK(severity_of("FATAL") == Critical);
  CHECK(severity_of("error") == Error);
  CHECK(severity_of("Err") == Error);
  CHECK(severity_of("SEVERE") == Error);
  CHECK(severity_of("warn") == Warning);
  CHECK(severity_of("WARNING") == Warning);
  CHECK(severity_of("notice") == Notice);
  CHECK(severity_of(" INFO ") == Info);
  CHECK(severity_of("Informational") == Info);
  CHECK(severity_of("DEBUG") == Debug);
  CHECK(severity_of("trace") == Debug);
  CHECK(severity_of("E") == Error);
  CHECK(severity_of("w") == Warning);
  CHECK(severity_of("I") == Info);
  CHECK(severity_of("V") == Debug);
}

TEST_CASE("each severity reads its own name", "[base]") {
  for (std::size_t i = 0; i < weir::kSeverityCount; ++i) {
    const auto severity = static_cast<Severity>(i);
    CHECK(severity_of(to_string(severity)) == severity);
  }
}

TEST_CASE("what is no severity is none", "[base]") {
  CHECK_FALSE(severity_of(""));
  CHECK_FALSE(severity_of("  "));
  CHECK_FALSE(severity_of("errors"));
  CHECK_FALSE(severity_of("erro"));
  CHECK_FALSE(severity_of("ERROR: it"));
  CHECK_FALSE(severity_of(std::string(5000, 'e')));
  CHECK_FALSE(severity_of(std::string_view("info\0", 5)));
  CHECK_FALSE(severity_of("\xff\xfe"));
  CHECK_FALSE(severity_of(Value()));
  CHECK_FALSE(severity_of(Value::null()));
  CHECK_FALSE(severity_of(Value::of(true)));
  CHECK_FALSE(severity_of(Value::json(R"({"level":"info"})")));
}

TEST_CASE("numbers are syslog's up to 7, and pino's by tens", "[base]") {
  const auto number = GENERATE(table<std::int64_t, Severity>({{0, Emergency},
                                                              {3, Error},
                                                              {4, Warning},
                                                              {6, Info},
                                                              {7, Debug},
                                                              {10, Debug},
                                                              {20, Debug},
                                                              {30, Info},
                                                              {40, Warning},
                                                              {50, Error},
                                                              {60, Critical}}));
  const auto [value, severity] = number;
  CHECK(severity_of(Value::of(value)) == severity);
  CHECK(severity_of(Value::of(static_cast<std::uint64_t>(value))) == severity);
  CHECK(severity_of(Value::of(static_cast<double>(value))) == severity);
  CHECK(severity_of(std::to_string(value)) == severity);
}

TEST_CASE("other numbers are none", "[base]") {
  for (const std::int64_t value : {-1L, 8L, 9L, 11L, 17L, 35L, 70L, 100L}) {
    CHECK_FALSE(severity_of(Value::of(value)));
    CHECK_FALSE(severity_of(std::to_string(value)));
  }
  CHECK_FALSE(severity_of(Value::of(std::numeric_limits<std::uint64_t>::max())));
  CHECK_FALSE(severity_of(Value::of(std::numeric_limits<std::int64_t>::min())));
  CHECK_FALSE(severity_of(Value::of(3.5)));
  CHECK_FALSE(severity_of(Value::of(-0.5)));
  CHECK_FALSE(severity_of(Value::of(std::numeric_limits<double>::infinity())));
  CHECK_FALSE(severity_of(Value::of(std::numeric_limits<double>::quiet_NaN())));
  CHECK_FALSE(severity_of("1e1"));
  CHECK_FALSE(severity_of("9999999999999"));
}

TEST_CASE("of a syslog PRI the last three bits are the severity", "[base]") {
  CHECK(severity_of_pri("<0>kernel panic") == Emergency);
  CHECK(severity_of_pri("<34>1 2026-01-01T00:00:00Z host su - ID47 - failed") == Critical);
  CHECK(severity_of_pri("<165>Aug 24 05:34:00 host app: x") == Notice);
  CHECK(severity_of_pri("<191>") == Debug);
}

TEST_CASE("what is no PRI is none", "[base]") {
  for (const char* text : {"", "<", "<>", "<3", "3>", "<192>x", "<999>x", "<1234>x", "<a>x",
                           "<3a>x", "<-3>x", " <3>x", "<3 >x", "{\"level\":3}"}) {
    CHECK_FALSE(severity_of_pri(text));
  }
}
