// Configurations that are too large, too deep, or larger than they look.

#include <chrono>

#include "config/bounds.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/config/sample.hpp"

using namespace weir;
using namespace weir::test;

TEST_CASE("a hundred thousand routes load") {
  std::string yaml = "sources: {in: stdin}\nsinks: {a: stdout, b: blackhole}\nroutes:\n";
  for (int i = 0; i < 100'000; ++i) {
    yaml += "  r" + std::to_string(i) + ": {when: 'app == \"a" + std::to_string(i) +
            "\"', to: [a, b]}\n";
  }
  const Config config = load_yaml(yaml);
  REQUIRE(config.routes.size() == 100'000);
  CHECK(config.routes[99'999].when == "app == \"a99999\"");
  CHECK(config.routes[99'999].when_location.line == 100'003);
}

TEST_CASE("a billion laughs are not laughed") {
  std::string yaml = "plugins:\n  - &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    yaml += "  - &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) yaml += (k == 0 ? "*a" : ", *a") + std::to_string(i - 1);
    yaml += "]\n";
  }
  CHECK(contains(error_of(yaml).message(), "YAML nodes, with all that aliases stand for"));
}

TEST_CASE("depth is bounded, whatever opens it") {
  for (const char* open : {"[", "{a: ", "- ", "? ", "- - ", "{? ", "[{x: "}) {
    std::string yaml;
    for (int i = 0; i < 20'000; ++i) yaml += open;
    INFO(open);
    CHECK_THROWS_AS(load_yaml(yaml), ConfigError);
  }
  std::string indented;
  for (std::size_t i = 0; i < 400; ++i) indented += std::string(i, ' ') + "a:\n";
  CHECK(contains(error_of(indented).message(), "more than 32 levels"));
}

TEST_CASE("text without end ends in an error or a load, and soon") {
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string piece :
       {"a", "\"", "'", ":", ": ", "&a ", "*a ", "!a ", "# ", "\n", " ",     "\t",
        "%", "|",  ">", ",", "}",  "]",   "${",  "$",   "{",  "?",  "a: b\n"}) {
    std::string yaml = "port_file: ";
    while (yaml.size() < 200'000) yaml += piece;
    INFO(piece);
    CHECK_THROWS_AS(load_yaml(yaml), ConfigError);
  }
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(60));
}

TEST_CASE("a file has a largest size") {
  const TempDir dir;
  dir.write("large.yaml", std::string(bounds::kFileBytesMax + 1, '#'));
  CHECK_THROWS_AS(load({.config_file = dir / "large.yaml"}, {}, sample_schema(), {}), ConfigError);
  CHECK_THROWS_AS(load_yaml(std::string(bounds::kFileBytesMax + 1, '#')), ConfigError);
}

TEST_CASE("a device without end is not read without end") {
  CHECK_THROWS_AS(load({.config_file = "/dev/zero"}, {}, sample_schema(), {}), ConfigError);
}

TEST_CASE("there is a largest number of sources and sinks") {
  std::string yaml = "sources: {in: stdin}\nsinks:\n";
  for (std::size_t i = 0; i <= bounds::kComponentsMax; ++i) {
    yaml += "  s" + std::to_string(i) + ": stdout\n";
  }
  const ConfigError error = error_of(yaml);
  CHECK(error.message() == "more than 4096 sinks");
  CHECK(error.where().line == bounds::kComponentsMax + 3);
}

TEST_CASE("a line too long to be shown still has its place") {
  const std::string yaml = "plugins: [" + std::string(5000, 'a') + ", '${']\n";
  const ConfigError error = error_of(yaml);
  CHECK(error.where().column == 5014);
  CHECK(error.where().line_text.empty());
}
