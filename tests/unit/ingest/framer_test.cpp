#include "router/ingest/framer.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/ingest/framing_rig.hpp"

using namespace std::string_literals;
using weir::Framing;
using weir::Oversize;
using weir::Reason;
using weir::test::Events;
using weir::test::FramingRig;

TEST_CASE("newline framing takes lines, with a carriage return as part of the delimiter") {
  FramingRig rig(Framing::Newline);
  rig.feed("one\ntwo\r\n\n\r\nthr\ree\nunfinished");
  CHECK(rig.events == Events{"one", "two", "thr\ree"});
  rig.finish();
  CHECK(rig.events.back() == "unfinished");
  CHECK(rig.lost.total() == 0);
}

TEST_CASE("bytes pass through framing as they are, NUL and invalid UTF-8 included") {
  FramingRig rig(Framing::Newline);
  rig.feed("a\0b\xff\xfe\n"s);
  CHECK(rig.events == Events{"a\0b\xff\xfe"s});
}

TEST_CASE("NUL framing keeps newlines in events") {
  FramingRig rig(Framing::Nul);
  rig.feed("one\ntwo\0three\0"s);
  CHECK(rig.events == Events{"one\ntwo", "three"});
}

TEST_CASE("octet counting takes exactly what is counted, but for one final newline") {
  FramingRig rig(Framing::Octet);
  rig.feed("5 hello3 a\nb4 abc\n5 a\nb\n\nX");
  CHECK(rig.events == Events{"hello", "a\nb", "abc", "a\nb\n"});
}

TEST_CASE("what is no octet count is counted as a framing error and skipped to the next line") {
  const char* const bad =
      GENERATE("hello\n", "007 abcdefg\n", "12x34\n", "18446744073709551616 x\n", "99999999999 x\n",
               " 5 hello\n", "-3 abc\n", "0 \n");
  INFO(bad);
  FramingRig rig(Framing::Octet);
  rig.feed(bad).feed("2 ok");
  CHECK(rig.events == Events{"ok"});
  CHECK(rig.lost[Reason::Framing] == 1);
}

TEST_CASE("a counted frame that the connection did not finish is incomplete") {
  for (const Framing framing : {Framing::Octet, Framing::Len32}) {
    FramingRig rig(framing);
    rig.feed(framing == Framing::Octet ? "9 half"s : "\0\0\0\x09half"s).finish();
    CHECK(rig.events.empty());
    CHECK(rig.lost[Reason::Incomplete] == 1);
  }
}

TEST_CASE("auto framing tells counted syslog and JSON from lines that begin with a number") {
  FramingRig rig(Framing::Auto);
  rig.feed("7 <1>abcd8 {\"a\":1}\n2026-11-21 a line\n127.0.0.1 - -\n42 is the answer\n{\"b\":2}\n");
  CHECK(rig.events == Events{"<1>abcd", "{\"a\":1}", "2026-11-21 a line", "127.0.0.1 - -",
                             "42 is the answer", "{\"b\":2}"});
  CHECK(rig.lost.total() == 0);
}

TEST_CASE("len32 takes four bytes of length, most significant first, and the record byte-exact") {
  FramingRig rig(Framing::Len32);
  rig.feed(
      "\0\0\0\x03"
      "a\nb"
      "\0\0\0\0"
      "\0\0\0\x02"
      "c\n"s);
  CHECK(rig.events == Events{"a\nb", "c\n"});
}

TEST_CASE("a line over the limit is truncated, dropped or split, and the next one is unharmed") {
  const std::string input = std::string(25, 'x') + "\nnext\n";
  const std::size_t piece = GENERATE(1U, 7U, 10U, 11U, 24U, 100U);
  INFO("pieces of " << piece);
  SECTION("truncate") {
    FramingRig rig(Framing::Newline, 10);
    rig.feed(input, piece);
    CHECK(rig.events == Events{std::string(10, 'x'), "next"});
    CHECK(rig.truncated == std::vector<bool>{true, false});
    CHECK(rig.lost.total() == 0);
  }
  SECTION("drop") {
    FramingRig rig(Framing::Newline, 10, Oversize::Drop);
    rig.feed(input, piece);
    CHECK(rig.events == Events{"next"});
    CHECK(rig.lost[Reason::Oversize] == 1);
  }
  SECTION("split") {
    FramingRig rig(Framing::Newline, 10, Oversize::Split);
    rig.feed(input, piece);
    CHECK(rig.events ==
          Events{std::string(10, 'x'), std::string(10, 'x'), std::string(5, 'x'), "next"});
    CHECK(rig.lost.total() == 0);
  }
}

TEST_CASE("a counted frame over the limit follows the same policies") {
  const std::size_t piece = GENERATE(1U, 5U, 13U, 100U);
  const std::string input = "25 " + std::string(25, 'x') + "4 next";
  FramingRig truncate(Framing::Octet, 10);
  CHECK(truncate.feed(input, piece).events == Events{std::string(10, 'x'), "next"});
  FramingRig drop(Framing::Octet, 10, Oversize::Drop);
  CHECK(drop.feed(input, piece).events == Events{"next"});
  CHECK(drop.lost[Reason::Oversize] == 1);
  FramingRig split(Framing::Octet, 10, Oversize::Split);
  CHECK(split.feed(input, piece).events ==
        Events{std::string(10, 'x'), std::string(10, 'x'), std::string(5, 'x'), "next"});
}

TEST_CASE("a line of exactly the limit is whole, with and without a carriage return") {
  const std::size_t piece = GENERATE(1U, 10U, 11U, 100U);
  FramingRig rig(Framing::Newline, 10);
  rig.feed("0123456789\r\n0123456789\n", piece);
  CHECK(rig.events == Events{"0123456789", "0123456789"});
  CHECK(rig.truncated == std::vector<bool>{false, false});
}

TEST_CASE("a stream without any delimiter never makes a connection hold more than the limit") {
  for (const Framing framing : {Framing::Newline, Framing::Nul, Framing::Auto, Framing::Octet}) {
    FramingRig rig(framing, 100);
    for (int i = 0; i < 1000; ++i) rig.feed(std::string(97, 'y'));
    CHECK(rig.largest_rest <= 100 + 16);
    CHECK(rig.events.size() <= 1);
  }
}
