// Where the network cuts a stream must not matter: every framing finds the same events whatever the
// pieces are.

#include <cstdint>
#include <random>

#include "tests/support/catch.hpp"
#include "tests/unit/ingest/framing_rig.hpp"

using weir::Framing;
using weir::Oversize;
using weir::test::FramingRig;

namespace {

/// Records and garbage that look like every framing at once.
std::string random_stream(std::mt19937& random) {
  static const std::string kPieces[] = {"\n",
                                        "\r\n",
                                        std::string(1, '\0'),
                                        "{\"a\":1}",
                                        "5 hello",
                                        "7 {\"b\":2}",
                                        "12 <13>message\n",
                                        "2026-11-21 text",
                                        "99999999999999999999 ",
                                        "0",
                                        " ",
                                        std::string("\0\0\0\x04"
                                                    "abcd",
                                                    8),
                                        std::string(40, 'z'),
                                        "\xff\xfe",
                                        "30 "};
  std::string stream;
  for (int i = 0; i < 40; ++i) stream += kPieces[random() % std::size(kPieces)];
  return stream;
}

}  // namespace

TEST_CASE("events do not depend on how the stream is cut into reads") {
  std::mt19937 random(20261121);
  for (const Framing framing :
       {Framing::Newline, Framing::Octet, Framing::Auto, Framing::Nul, Framing::Len32}) {
    for (const Oversize oversize : {Oversize::Truncate, Oversize::Drop, Oversize::Split}) {
      for (int round = 0; round < 60; ++round) {
        const std::string stream = random_stream(random);
        FramingRig whole(framing, 24, oversize);
        whole.feed(stream).finish();
        const std::size_t piece = 1 + random() % 50;
        FramingRig cut(framing, 24, oversize);
        cut.feed(stream, piece).finish();
        INFO("framing " << static_cast<int>(framing) << ", oversize " << static_cast<int>(oversize)
                        << ", pieces of " << piece);
        REQUIRE(cut.events == whole.events);
        REQUIRE(cut.lost.total() == whole.lost.total());
        REQUIRE(cut.largest_rest <= 24 + 16);
      }
    }
  }
}
