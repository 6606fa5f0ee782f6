// What senders compress, whole and in drips; and what is not to be unpacked: bombs, cut and changed
// data, things behind the end.

#include "router/ingest/inflate.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/packed.hpp"

using namespace weir;
using test::gzipped;
using test::zstd_packed;

namespace {

std::string pack(Packing packing, const std::string& text) {
  return packing == Packing::Gzip ? gzipped(text) : zstd_packed(text);
}

/// Lines that compress as those of a log do.
std::string log_lines(std::size_t bytes) {
  std::string text;
  for (std::uint32_t i = 0; text.size() < bytes; ++i) {
    text += "{\"n\":" + std::to_string(i * 2654435761U) + ",\"level\":\"info\"}\n";
  }
  text.resize(bytes);
  return text;
}

InflateFault fault_of(Packing packing, const std::string& packed,
                      std::size_t bytes_max = 64 << 20) {
  std::string ignored;
  return inflate_all(packing, packed, bytes_max, ignored);
}

/// Feeds `in` bytes at a time into rooms of `out` bytes.
std::optional<std::string> drip(Packing packing, const std::string& packed, std::size_t in,
                                std::size_t out) {
  Inflater inflater(packing, 1 << 20);
  std::string text;
  std::string room(out, '\0');
  for (std::size_t at = 0; at < packed.size(); at += in) {
    std::span<const char> piece(packed.data() + at, std::min(in, packed.size() - at));
    while (true) {
      const std::size_t made = inflater.step(piece, room);
      text.append(room.data(), made);
      if (inflater.fault() != InflateFault::None) return std::nullopt;
      if (piece.empty() && made < room.size()) break;
    }
  }
  if (inflater.finish() != InflateFault::None) return std::nullopt;
  return text;
}

}  // namespace

TEST_CASE("what was packed comes out again, however it arrives", "[inflate]") {
  for (const Packing packing : {Packing::Gzip, Packing::Zstd}) {
    for (const std::size_t size : {0U, 1U, 1000U, 300'000U}) {
      const std::string text = log_lines(size);
      const std::string packed = pack(packing, text);
      std::string out;
      CHECK(inflate_all(packing, packed, size, out) == InflateFault::None);
      CHECK(out == text);
      CHECK(drip(packing, packed, 1, 7) == text);
      CHECK(drip(packing, packed, 4096, 1) == text);
      CHECK(drip(packing, packed, 3, 65536) == text);
    }
  }
}

TEST_CASE("more than is allowed is refused, to the byte", "[inflate]") {
  const std::string text = log_lines(100'000);
  for (const Packing packing : {Packing::Gzip, Packing::Zstd}) {
    const std::string packed = pack(packing, text);
    CHECK(fault_of(packing, packed, 100'000) == InflateFault::None);
    CHECK(fault_of(packing, packed, 99'999) == InflateFault::TooLarge);
    CHECK(fault_of(packing, packed, 0) == InflateFault::TooLarge);
  }
}

TEST_CASE("a bomb is noticed by its ratio", "[inflate]") {
  const std::string zeros(8 << 20, '\0');
  for (const Packing packing : {Packing::Gzip, Packing::Zstd}) {
    const std::string packed = pack(packing, zeros);
    REQUIRE(packed.size() < zeros.size() / 500);
    CHECK(fault_of(packing, packed) == InflateFault::BadRatio);
    // A small one does no harm.
    CHECK(fault_of(packing, pack(packing, std::string(1 << 20, 'a'))) == InflateFault::None);
  }
}

TEST_CASE("what is cut off anywhere is no whole", "[inflate]") {
  const std::string text = log_lines(2000);
  for (const Packing packing : {Packing::Gzip, Packing::Zstd}) {
    const std::string packed = pack(packing, text);
    for (std::size_t size = 0; size < packed.size(); ++size) {
      CHECK(fault_of(packing, packed.substr(0, size)) == InflateFault::Truncated);
    }
  }
}

TEST_CASE("what stands behind the end is refused", "[inflate]") {
  for (const Packing packing : {Packing::Gzip, Packing::Zstd}) {
    const std::string packed = pack(packing, "a line\n");
    CHECK(fault_of(packing, packed + '\0') == InflateFault::Trailing);
    CHECK(fault_of(packing, packed + packed) == InflateFault::Trailing);
    Inflater inflater(packing, 100);
    std::array<char, 100> room;
    std::span<const char> first(packed);
    CHECK(inflater.step(first, room) == 7);
    CHECK(inflater.fault() == InflateFault::None);
    std::span<const char> more("x", 1);
    CHECK(inflater.step(more, room) == 0);
    CHECK(inflater.finish() == InflateFault::Trailing);
  }
}

TEST_CASE("a changed byte never brings other bytes out unnoticed", "[inflate]") {
  const std::string text = log_lines(500);
  for (const Packing packing : {Packing::Gzip, Packing::Zstd}) {
    const std::string packed = pack(packing, text);
    for (std::size_t bit = 0; bit < packed.size() * 8; ++bit) {
      std::string changed = packed;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
      std::string out;
      // A few bits stand for nothing, as gzip's time and system.
      if (inflate_all(packing, changed, 1 << 20, out) == InflateFault::None) CHECK(out == text);
    }
  }
}

TEST_CASE("what is none of the two is no data", "[inflate]") {
  for (const Packing packing : {Packing::Gzip, Packing::Zstd}) {
    CHECK(fault_of(packing, "") == InflateFault::Truncated);
    CHECK(fault_of(packing, "{\"a\":1}\n") == InflateFault::Corrupt);
  }
  CHECK(fault_of(Packing::Gzip, zstd_packed("a")) == InflateFault::Corrupt);
  CHECK(fault_of(Packing::Zstd, gzipped("a")) == InflateFault::Corrupt);
  // A frame to be skipped, of no bytes (RFC 8878 section 3.1.2).
  const std::string skipped("\x50\x2A\x4D\x18\0\0\0\0", 8);
  CHECK(fault_of(Packing::Zstd, skipped) == InflateFault::Corrupt);
}

TEST_CASE("a window that would take too much memory is refused", "[inflate]") {
  const std::string text = log_lines(1000);
  CHECK(fault_of(Packing::Zstd, zstd_packed(text, 23)) == InflateFault::None);
  const std::string wide = zstd_packed(text, 24);
  CHECK(fault_of(Packing::Zstd, wide) == InflateFault::Unsupported);

  Inflater inflater(Packing::Zstd, 1 << 20);
  std::string room(1000, '\0');
  std::span<const char> packed(wide);
  inflater.step(packed, room);
  CHECK(inflater.bytes_held() < 1 << 20);
}
