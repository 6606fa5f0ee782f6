// Random text never crashes the loader and never gives anything but a Config or a ConfigError. The
// seeds are fixed: a failure comes again.

#include <array>
#include <random>
#include <string>
#include <vector>

#include "config/address.hpp"
#include "config/url.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/config/sample.hpp"

using namespace weir;
using namespace weir::test;

namespace {

const Environment kEnvironment{{"A", "value"}, {"PORT", "5170"}, {"DIR", "/var/log"}, {"E", ""}};

class Fuzzer {
 public:
  explicit Fuzzer(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }

  std::string bytes(std::size_t size_max) {
    std::string result(below(size_max + 1), '\0');
    for (char& c : result) c = static_cast<char>(below(256));
    return result;
  }

  std::string tokens(const std::vector<std::string>& vocabulary, std::size_t count_max) {
    std::string result;
    for (std::size_t i = below(count_max + 1); i > 0; --i) {
      result += vocabulary[below(vocabulary.size())];
    }
    return result;
  }

  /// `text` with a few bytes changed, removed, doubled or put in.
  std::string mutated(std::string text, const std::vector<std::string>& vocabulary) {
    for (std::size_t i = below(6) + 1; i > 0 && !text.empty(); --i) {
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text[at] = static_cast<char>(below(256));
          break;
        case 1:
          text.erase(at, below(8) + 1);
          break;
        case 2:
          text.insert(at, vocabulary[below(vocabulary.size())]);
          break;
        default:
          text.insert(at, text.substr(below(text.size()), below(30)));
          break;
      }
    }
    return text;
  }

 private:
  std::mt19937 random_;
};

const std::vector<std::string>& yaml_words() {
  static const std::vector<std::string> kWords = {
      "sources", "sinks", "routes",  "log",       "admin",  "url",    "when",  "to",
      "metrics", ": ",    ":",       "\n",        "\n  ",   "\n    ", "- ",    "[",
      "]",       "{",     "}",       ",",         "\"",     "'",      "|",     ">",
      "&a ",     "*a",    "!t ",     "# x",       "? ",     "---\n",  "...\n", "%YAML 1.2\n",
      "<<",      "~",     "null",    "stdin",     "stdout", "tcp://", ":1",    "${A}",
      "${",      "$${",   "${N:-x}", "?framing=", "&",      "\\",     "\\x",   "\t",
      "é",       "\xff",  "a",       "password",  "=",      "->"};
  return kWords;
}

/// Loads; what it finds wrong must have a place that exists.
void try_load(const std::string& yaml) {
  try {
    load_text("f", yaml, {}, kEnvironment, sample_schema(), {});
  } catch (const ConfigError& error) {
    CHECK_FALSE(error.message().empty());
    if (error.where().line != 0 && !error.where().line_text.empty() && error.where().column == 0) {
      FAIL("a line without a column: " << error.what());
    }
  }
}

constexpr const char* kSeed = R"(admin: 127.0.0.1:8686
log: {level: debug}
sources:
  apps: tcp://0.0.0.0:${PORT}?framing=octet
  legacy: {url: "udp://[::1]:1", max_event_bytes: 64KiB}
routes:
  errors: {when: 'level == "error"', to: [archive, numbers]}
  rest:
    when: |
      app == "${A}"
    to: archive
sinks:
  archive: "file://${DIR}/{a ? b : c}/%Y?rotate=1MiB"
  numbers: {url: prometheus, metrics: [&m {name: n, labels: [a]}, *m]}
)";

}  // namespace

TEST_CASE("the seed of the fuzzer loads") {
  CHECK(load_text("f", kSeed, {}, kEnvironment, sample_schema(), {}).routes.size() == 2);
}

TEST_CASE("random bytes are refused as configuration, never worse") {
  Fuzzer fuzzer(1);
  for (int i = 0; i < 3000; ++i) try_load(fuzzer.bytes(200));
}

TEST_CASE("random words of YAML are refused or loaded, never worse") {
  Fuzzer fuzzer(2);
  for (int i = 0; i < 6000; ++i) try_load(fuzzer.tokens(yaml_words(), 40));
}

TEST_CASE("a valid configuration with random damage is refused or loaded, never worse") {
  Fuzzer fuzzer(3);
  for (int i = 0; i < 6000; ++i) try_load(fuzzer.mutated(kSeed, yaml_words()));
}

TEST_CASE("random URLs are refused or read, never worse") {
  Fuzzer fuzzer(4);
  const std::vector<std::string> words = {
      "tcp",  "file", "kafka", "stdout", "unix+dgram", "://", ":",  "/",      "?",        "&",
      "=",    "[",    "]",     "::1",    "127.0.0.1",  "@",   ",",  "{",      "}",        "{{",
      "%41",  "%",    "%Y",    "${A}",   "${",         "$${", "}",  "${E:-}", "${PORT}",  "\"",
      "'",    "a",    "5170",  "65536",  "framing",    "nul", " ",  "\n",     "password", "rotate",
      "1MiB", "\xff", "->",    "topic",  "${N:?m}",    "*",   "..", "#",      "\\",       "tags"};
  const std::vector<std::string> valid = {
      "tcp://127.0.0.1:5170?framing=octet",
      "udp://[::1]:${PORT}",
      "unix:///run/${A}/x",
      "kafka://b1:9092,b2:9092/topic?tags=a%2Cb,c&key=${A}",
      "stdout?encoding=json",
      "file://${DIR}/{a ? b : c}/%Y-%m-%d.ndjson?rotate=1MiB&mode=%24%7BX}"};
  int loaded = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string url = fuzzer.mutated(valid[fuzzer.below(valid.size())], words);
    if (i % 4 == 0) url = i % 8 == 0 ? fuzzer.bytes(60) : fuzzer.tokens(words, 14);
    const bool as_source = fuzzer.below(2) == 0;
    CommandLine command_line{.from = {as_source ? url : "stdin"},
                             .to = {as_source ? "stdout" : url}};
    try {
      const Config config = load(command_line, kEnvironment, sample_schema(), {});
      // What was read is written so that it reads the same.
      const Settings& first = as_source ? config.sources[0] : config.sinks[0];
      command_line = {.from = {as_source ? first.masked() : "stdin"},
                      .to = {as_source ? "stdout" : first.masked()}};
      const Config again = load(command_line, {}, sample_schema(), {});
      const Settings& second = as_source ? again.sources[0] : again.sinks[0];
      ++loaded;
      if (!contains(first.masked(), "***")) CHECK(second.same_as(first));
    } catch (const ConfigError& error) {
      CHECK_FALSE(error.message().empty());
    }
  }
  CHECK(loaded > 1000);
}

TEST_CASE("random routes of the environment are refused or read, never worse") {
  Fuzzer fuzzer(5);
  const std::vector<std::string> words = {"->",  " ",   "out",    ",",         "\"",   "'",
                                          "r\"", "\\",  "a",      "==",        "${A}", "${",
                                          "}",   "$${", "\"\"\"", "unmatched", "1"};
  for (int i = 0; i < 20'000; ++i) {
    Environment environment = kEnvironment;
    environment["WEIR_SOURCE_IN"] = "stdin";
    environment["WEIR_SINK_OUT"] = "stdout";
    environment["WEIR_ROUTE_R"] = fuzzer.tokens(words, 16);
    try {
      load({}, environment, sample_schema(), {});
    } catch (const ConfigError& error) {
      CHECK_FALSE(error.message().empty());
    }
  }
}
