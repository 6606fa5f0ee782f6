#include "router/telemetry/log.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <thread>
#include <vector>

#include "config/config.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/telemetry/sample_balance.hpp"

namespace json = boost::json;
using weir::Log, weir::LogFormat, weir::LogLevel;

namespace {

/// What was written, in a file that has no name.
class Stderr {
 public:
  Stderr() : fd_(::memfd_create("stderr", MFD_CLOEXEC)) { REQUIRE(fd_ >= 0); }
  ~Stderr() { ::close(fd_); }
  weir::LogOptions options(LogFormat format, LogLevel level = LogLevel::Info) const {
    return {.level = level, .format = format, .fd = fd_};
  }
  std::string text() const {
    std::string text(static_cast<std::size_t>(::lseek(fd_, 0, SEEK_END)), '\0');
    REQUIRE(::pread(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    return text;
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> lines(1);
    for (const char byte : text()) {
      if (byte == '\n') {
        lines.emplace_back();
      } else {
        lines.back() += byte;
      }
    }
    REQUIRE(lines.back().empty());
    lines.pop_back();
    return lines;
  }

 private:
  int fd_;
};

}  // namespace

TEST_CASE("a line is one JSON object where nobody watches", "[telemetry]") {
  Stderr err;
  Log log(err.options(LogFormat::Auto));
  log.warn("archive", "cannot open the file",
           {{"path", "/x"},
            {"attempt", 3},
            {"bytes", ~std::uint64_t{0}},
            {"ratio", 0.5},
            {"again", true},
            {"nan", std::numeric_limits<double>::quiet_NaN()}});
  const auto lines = err.lines();
  REQUIRE(lines.size() == 1);
  const json::object object = json::parse(lines[0]).as_object();
  CHECK(object.begin()->key() == "time");
  CHECK(object.at("time").as_string().size() ==
        std::string_view("2024-01-01T00:00:00.000Z").size());
  CHECK(object.at("time").as_string().back() == 'Z');
  CHECK(object.at("level") == "warn");
  CHECK(object.at("component") == "archive");
  CHECK(object.at("message") == "cannot open the file");
  CHECK(object.at("path") == "/x");
  CHECK(object.at("attempt").to_number<int>() == 3);
  CHECK(object.at("bytes").to_number<std::uint64_t>() == ~std::uint64_t{0});
  CHECK(object.at("ratio").as_double() == 0.5);
  CHECK(object.at("again").as_bool());
  CHECK(object.at("nan").is_null());
}

TEST_CASE("a line is text for people where they watch", "[telemetry]") {
  Stderr err;
  Log log(err.options(LogFormat::Text));
  log.info("apps", "listening", {{"port", 5170}, {"peer", "a b"}, {"quote", "\""}});
  const std::string text = err.text();
  CHECK(text.substr(24) == " INFO  apps: listening (port=5170 peer=\"a b\" quote=\"\\\"\")\n");
}

TEST_CASE("lines below the level are not written", "[telemetry]") {
  Stderr err;
  const auto level = GENERATE(LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error);
  Log log(err.options(LogFormat::Json, level));
  log.debug("x", "d");
  log.info("x", "i");
  log.warn("x", "w");
  log.error("x", "e");
  CHECK(err.lines().size() == 4 - static_cast<std::size_t>(level));
}

TEST_CASE("level and format come from the configuration", "[telemetry]") {
  weir::Config config;
  CHECK(weir::log_options(config).level == LogLevel::Info);
  CHECK(weir::log_options(config).format == LogFormat::Auto);
  config.log_level = "error";
  config.log_format = "text";
  CHECK(weir::log_options(config).level == LogLevel::Error);
  CHECK(weir::log_options(config).format == LogFormat::Text);
}

TEST_CASE("nothing in a line can break it or drive a terminal", "[telemetry]") {
  const std::string evil = "a\nb\r\x1b]0;title\a\xff\u009b\u202e\"}{\\";
  const auto format = GENERATE(LogFormat::Text, LogFormat::Json);
  Stderr err;
  Log log(err.options(format));
  log.error(evil, evil, {{evil, evil}});
  const auto lines = err.lines();
  REQUIRE(lines.size() == 1);
  CHECK(std::none_of(lines[0].begin(), lines[0].end(), [](char byte) {
    return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f || byte == '\xff';
  }));
  CHECK(lines[0].find("\u009b") == std::string::npos);
  CHECK(lines[0].find("\u202e") == std::string::npos);
  if (format == LogFormat::Json) {
    CHECK(json::parse(lines[0]).at("message").as_string() ==
          "a\nb\r\x1b]0;title\a\ufffd\u009b\u202e\"}{\\");
  }
}

TEST_CASE("a line is bounded, however long and awkward its texts are", "[telemetry]") {
  const std::string text(100'000, GENERATE('x', '\x1b', '\xff', '"'));
  const auto format = GENERATE(LogFormat::Text, LogFormat::Json);
  Stderr err;
  Log log(err.options(format));
  log.info(text, text,
           {{"a", text},
            {"b", text},
            {"c", text},
            {"d", text},
            {"e", text},
            {"f", text},
            {"g", text},
            {"h", text},
            {"i", text},
            {"j", text},
            {"k", text},
            {"l", text},
            {"m", text},
            {"n", text},
            {"o", text},
            {"p", text},
            {"q", text},
            {"r", text}});
  const auto lines = err.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].size() < 4096);
  if (format == LogFormat::Json) CHECK(json::parse(lines[0]).as_object().size() == 4 + 16);
}

TEST_CASE("a flood of one kind is cut and told, other lines pass", "[telemetry]") {
  Stderr err;
  {
    Log log(err.options(LogFormat::Json));
    // The suppressed lines may be told by the next line or by the end; both are fine.
    for (int i = 0; i < 1000; ++i) log.warn("flood", "again", {{"i", i}});
    log.warn("calm", "once");
  }
  std::size_t written = 0;
  std::uint64_t suppressed = 0;
  bool calm = false;
  for (const std::string& line : err.lines()) {
    const json::object object = json::parse(line).as_object();
    calm = calm || object.at("component") == "calm";
    if (object.contains("suppressed")) {
      suppressed += object.at("suppressed").to_number<std::uint64_t>();
      CHECK(object.at("last") == "again");
    } else if (object.at("component") == "flood") {
      ++written;
    }
  }
  CHECK(calm);
  CHECK(written + suppressed == 1000);
  CHECK(written >= 10);
  CHECK(suppressed > 0);
}

TEST_CASE("the closing balance is one JSON line in every format and level", "[telemetry]") {
  const auto format = GENERATE(LogFormat::Text, LogFormat::Json);
  Stderr err;
  Log log(err.options(format, LogLevel::Error));
  log.closing_balance(weir::test::sample_balance());
  const auto lines = err.lines();
  REQUIRE(lines.size() == 1);
  const json::object object = json::parse(lines[0]).as_object();
  CHECK(object.size() == 2);
  CHECK(object.contains("time"));
  CHECK(object.at("balance").at("sources").at(0).at("received").to_number<int>() == 100);
}

TEST_CASE("threads do not mix their lines", "[telemetry]") {
  Stderr err;
  {
    Log log(err.options(LogFormat::Json));
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&log, thread] {
        for (int i = 0; i < 10; ++i) log.info("thread " + std::to_string(thread), "speaks");
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  const auto lines = err.lines();
  CHECK(lines.size() == 40);
  for (const std::string& line : lines) CHECK(json::parse(line).at("message") == "speaks");
}

TEST_CASE("lines that a stuck reader did not take are counted and told", "[telemetry]") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  REQUIRE(::fcntl(ends[1], F_SETPIPE_SZ, 8192) == 8192);  // Two pages: two lines.
  std::array<char, 8192> bytes{};
  const auto read = [&] {
    const ssize_t count = ::read(ends[0], bytes.data(), bytes.size());
    REQUIRE(count > 0);
    return std::string(bytes.data(), static_cast<std::size_t>(count));
  };
  Log log({.level = LogLevel::Info, .format = LogFormat::Json, .fd = ends[1]});
  const std::string text(3000, 'x');
  log.info("a", text);
  log.info("b", text);
  log.info("c", text);  // There is no room left for it.
  log.info("d", text);
  CHECK(read().find("\"b\"") != std::string::npos);
  log.info("e", "there is room again");
  const std::string later = read();
  CHECK(later.find("there is room again") != std::string::npos);
  CHECK(later.find("2 lines were lost") != std::string::npos);
  log.info("f", "all is told");
  CHECK(read().find("lost") == std::string::npos);
  ::close(ends[0]);
  ::close(ends[1]);
}
