// Mistakes in the YAML itself and at the top of the file. "@@" is where the error is to stand.

#include "tests/support/catch.hpp"
#include "tests/unit/config/sample.hpp"

using namespace weir;
using namespace weir::test;

TEST_CASE("an unknown key at the top is told with the nearest") {
  check_error("sources: {a: stdin}\n@@sink: {b: stdout}\n", "unknown key \"sink\"", "\"sinks\"");
  check_error("@@memori: 1MiB\n", "unknown key \"memori\"", "\"memory\"");
  check_error("@@log.level: debug\n", "unknown key \"log.level\"");
  check_error("@@zzz: 1\n", "unknown key", "expected one of: admin, control_socket");
}

TEST_CASE("an unknown key in log is told with the nearest") {
  check_error("log:\n  @@levl: debug\n", "unknown key \"levl\" in log", "\"level\"");
}

TEST_CASE("a key that is written twice is told at the second") {
  check_error("admin: off\n@@admin: off\n", "\"admin\" is written twice", "on line 1");
  check_error("sources:\n  a: stdin\n  @@a: stdin\n", "\"a\" is written twice", "on line 2");
  check_error("sources: {a: {url: stdin, @@url: stdin}}\n", "\"url\" is written twice");
  check_error("routes: {r: {to: a, @@to: b}}\n", "\"to\" is written twice");
}

TEST_CASE("the wrong kind of node is told where it stands") {
  check_error("@@- a\n- b\n", "a configuration is a mapping, not a list");
  check_error("@@hello\n", "a configuration is a mapping, not text");
  check_error("sources: @@[stdin]\n", "sources is a mapping, not a list");
  check_error("sources: @@stdin\n", "sources is a mapping, not text");
  check_error("routes: @@[]\n", "routes is a mapping, not a list");
  check_error("log: @@info\n", "log is a mapping, not text");
  check_error("shards: @@[1]\n", "shards is one value, not a list");
  check_error("shards: @@{a: 1}\n", "shards is one value, not a mapping");
  check_error("plugins: @@{a: 1}\n", "plugins is a list, not a mapping");
  check_error("plugins: [@@[a]]\n", "an item of plugins is one value, not a list");
  check_error("@@shards:\n", "shards needs a value");
  check_error("? @@[a, b]\n: c\n", "expected a key, not a list");
  check_error("? @@{a: b}\n: c\n", "expected a key, not a mapping");
  check_error("@@: c\n", "expected a key, not nothing");
}

TEST_CASE("syntax errors have a place") {
  check_error("sources:\n  in: stdin\n @@sinks:\n  out: [stdout\n", "this is not YAML");
  check_error("a: b@@: c\n", "this is not YAML");
  check_error("@@sources: {a: stdin", "this is not YAML");
  check_error("sources:\n\ta@@: stdin\n", "this is not YAML", "not with tabs");
  check_error("a: @@*nowhere\n", "this is not YAML");
}

TEST_CASE("a quote that is never closed does not swallow the rest of the file") {
  check_error("port_file: @@\"x\nshards: 1\n\n", "the quote that opens here is never closed");
  check_error("port_file: @@'it''s\nshards: 1\n", "the quote that opens here is never closed");
  check_error("port_file: @@\"x\\\"\n", "the quote that opens here is never closed");
}

TEST_CASE("text that flow style takes apart says to quote it") {
  check_error("sources: {a: {url: stdin@@?codec=json}}\n", "this is not YAML",
              "is put into quotes");
}

TEST_CASE("a condition that YAML cannot read says to quote it") {
  check_error("routes:\n  r:\n    when: \"a\" @@== b\n", "this is not YAML", "single quotes");
}

TEST_CASE("a tag is refused, and a condition that begins with ! says to quote it") {
  check_error(with_routes("  r:\n    when: @@!has(level)\n    to: a\n"),
              "a value that begins with \"!\" is a tag", "put it into single quotes: '!…'");
  check_error(with_routes("  r:\n    when: @@!x == 1\n    to: a\n"), "is a tag");
  check_error(with_routes("  r:\n    when: @@! x\n    to: a\n"), "is a tag");
  check_error("shards: @@!!int 3\n", "is a tag");
  check_error("sources: @@!x {a: stdin}\n", "is a tag");
  check_error("plugins: @@!x [a]\n", "is a tag");
  check_error("shards: @@&a !x 3\n", "is a tag");
}

TEST_CASE("other surprises of YAML are refused") {
  check_error("sources: &s {a: stdin}\nsinks:\n  @@<<: *s\n", "merge key");
  check_error("a: 1\n@@---\nb: 2\n", "a second YAML document");
  check_error("plugins: &p [@@*p]\n", "stands for something that contains it");
  check_error("plugins: &p x\n@@*p : y\n", "expected a key, not an alias");
}

TEST_CASE("bytes that are not text are told with their place") {
  check_error("shards: 1\nport_file: a@@\x01", "byte 0x01 is not text");
  check_error("a@@\xff", "byte 0xFF is not text");
  check_error("a@@\xc0\xaf", "byte 0xC0 is not text");
  check_error("a@@\xed\xa0\x80", "byte 0xED is not text");
  check_error("a@@\rb", "byte 0x0D is not text");
  check_error(std::string("ab@@\0c", 6), "byte 0x00 is not text");
  CHECK(load_yaml("port_file: \xC3\xA4\xF0\x9F\x98\x80\n" + with_source("stdin")).port_file ==
        "\xC3\xA4\xF0\x9F\x98\x80");
}

TEST_CASE("an empty file has no source") {
  for (const char* text : {"\n", "# nothing\n", "---\n", "~\n", "{}\n"}) {
    INFO(text);
    const ConfigError error = error_of(text);
    CHECK(error.message() == "there is no source");
    CHECK(error.where().origin == "weir.yaml");
  }
}

TEST_CASE("a wrong value at the top is told where it stands") {
  check_error("shards: @@many\n", "shards is a whole number, not \"many\"");
  check_error("shards: @@-1\n", "shards is a whole number, not \"-1\"");
  check_error("shards: @@1025\n", "shards is at most 1024");
  check_error("memory: @@1 GiB\n", "memory is a size, not \"1 GiB\"", "64KiB");
  check_error("memory: @@4KiB\n", "memory is at least 1 MiB");
  check_error("shutdown_timeout: @@10\n", "shutdown_timeout is a duration, not \"10\"", "250ms");
  check_error("shutdown_timeout: @@25h\n", "shutdown_timeout is at most 24h");
  check_error("log: {level: @@wrn}\n", "log.level is one of: debug, info, warn, error, not \"wrn\"",
              "\"warn\"");
  check_error("log: {format: @@xml}\n", "log.format is one of: auto, text, json");
  check_error("admin: localhost@@\n", "the port is missing", "127.0.0.1:8686");
  check_error("admin: localhost:@@http\n", "the port must be a number, not \"http\"");
}

TEST_CASE("places are right in quotes, behind escapes and over several lines") {
  check_error("admin: \"localhost:@@x\"\n", "must be a number");
  check_error("admin: 'localhost:@@x'\n", "must be a number");
  check_error("admin: \"\\x6cocal\\u0068ost:@@x\"\n", "must be a number");
  check_error("admin: &anchor   localhost:@@x\n", "must be a number");
  check_error("admin: |-\n    localhost:@@x\n", "must be a number");
  check_error("admin: \"local\\\n   host:@@x\"\n", "must be a number");
  check_error("port_file: >-\n   ab\n   @@${}\n", "is not followed by a name");
}
