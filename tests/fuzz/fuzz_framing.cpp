// Framing: how a stream is cut into reads must not matter, and what is kept between two reads is
// bounded. The first byte chooses framing, policy and limit, the second the length of the reads.

#include "tests/fuzz/fuzz.hpp"
#include "tests/unit/ingest/framing_rig.hpp"

using weir::Framing;
using weir::Oversize;
using weir::test::FramingRig;

std::vector<std::string> weir::fuzz::seeds() {
  using namespace std::string_literals;
  std::vector<std::string> seeds;
  for (char choice = 0; choice < 60; ++choice) {
    seeds.push_back(choice + "\3one\ntwo\r\n\n{\"a\":1}\n5 hello7 {\"b\":2}"s);
    seeds.push_back(choice + "\1\0\0\0\4abcd\0\0\0\0\0\0\0\1xzzz\0zz"s);
    seeds.push_back(choice + "\7"s + "18446744073709551616 x\n99 " + std::string(120, 'z') + '\n');
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr Framing kFramings[] = {Framing::Newline, Framing::Octet, Framing::Auto, Framing::Nul,
                                   Framing::Len32};
  constexpr Oversize kPolicies[] = {Oversize::Truncate, Oversize::Drop, Oversize::Split};
  constexpr std::size_t kLimits[] = {1, 7, 24, 4096};
  const std::size_t choice = data[0];
  const Framing framing = kFramings[choice % 5];
  const Oversize oversize = kPolicies[choice / 5 % 3];
  const std::size_t limit = kLimits[choice / 15 % 4];
  const std::string_view stream = weir::fuzz::text_of(data + 2, size - 2);

  FramingRig whole(framing, limit, oversize);
  whole.feed(stream).finish();
  FramingRig cut(framing, limit, oversize);
  cut.feed(stream, std::size_t{1} + data[1]).finish();
  WEIR_ASSERT(cut.events == whole.events);
  WEIR_ASSERT(cut.truncated == whole.truncated);
  WEIR_ASSERT(cut.lost.total() == whole.lost.total());
  WEIR_ASSERT(cut.largest_rest <= limit + 16);
  for (const std::string& event : whole.events) WEIR_ASSERT(event.size() <= limit);
  return 0;
}
