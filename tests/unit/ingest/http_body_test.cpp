// A request's body while it arrives, and what of the memory it may take.

#include "router/ingest/http_body.hpp"

#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/packed.hpp"

using namespace weir;
using Fault = HttpBody::Fault;

namespace {

constexpr std::size_t kMiB = 1024 * 1024;

struct Memory {
  MemoryBudget budget{64 * kMiB};
  MemoryShare share{budget, 32 * kMiB};
};

/// Gives `text` to the body in pieces of `piece` bytes, then ends it.
bool give(HttpBody& body, std::string_view text, std::size_t piece) {
  for (std::size_t at = 0; at < text.size(); at += piece) {
    if (!body.take(std::span(text).subspan(at).first(std::min(piece, text.size() - at)))) {
      return false;
    }
  }
  return body.finish();
}

}  // namespace

TEST_CASE("a body is what was sent, and gives its memory back", "[http]") {
  Memory memory;
  const std::string text(100'000, 'x');
  {
    HttpBody plain(memory.share, std::nullopt, kMiB);
    CHECK(give(plain, text, 999));
    CHECK(plain.bytes() == text);
    HttpBody gzip(memory.share, Packing::Gzip, kMiB);
    CHECK(give(gzip, test::gzipped(text), 7));
    CHECK(gzip.bytes() == text);
    HttpBody zstd(memory.share, Packing::Zstd, kMiB);
    CHECK(give(zstd, test::zstd_packed(text), 7));
    CHECK(zstd.bytes() == text);
    CHECK(memory.budget.bytes_used() >= 3 * text.size());
  }
  CHECK(memory.budget.bytes_used() == 0);
  CHECK(memory.share.bytes_used() == 0);
}

TEST_CASE("a body that is too large is refused, as sent and unpacked", "[http]") {
  Memory memory;
  const std::string text(1000, 'x');
  for (const auto packing : {std::optional<Packing>(), std::optional(Packing::Gzip)}) {
    const std::string sent = packing ? test::gzipped(text) : text;
    HttpBody fits(memory.share, packing, 1000);
    CHECK(give(fits, sent, 100));
    HttpBody too_large(memory.share, packing, 999);
    CHECK_FALSE(give(too_large, sent, 100));
    CHECK(too_large.fault() == Fault::TooLarge);
    CHECK(too_large.bytes().empty());
    CHECK_FALSE(too_large.why().empty());
    CHECK_FALSE(too_large.take({}));
  }
}

TEST_CASE("a bomb takes no more than a little memory", "[http]") {
  Memory memory;
  for (const Packing packing : {Packing::Gzip, Packing::Zstd}) {
    const std::string zeros(30 * kMiB, '\0');
    const std::string bomb =
        packing == Packing::Gzip ? test::gzipped(zeros) : test::zstd_packed(zeros);
    HttpBody body(memory.share, packing, 16 * kMiB);
    CHECK_FALSE(give(body, bomb, bomb.size()));
    CHECK(body.fault() == Fault::TooLarge);
    CHECK(memory.share.bytes_used() <= 4 * kMiB);
  }
}

TEST_CASE("what cannot be unpacked is damaged", "[http]") {
  Memory memory;
  const std::string packed = test::gzipped("text");
  for (const std::string& sent : {std::string("text"), packed.substr(0, 10), packed + packed}) {
    HttpBody body(memory.share, Packing::Gzip, kMiB);
    CHECK_FALSE(give(body, sent, 3));
    CHECK(body.fault() == Fault::Damaged);
    CHECK_FALSE(body.why().empty());
  }
}

TEST_CASE("bodies have a share of the memory, and no more", "[http]") {
  MemoryBudget budget(kMiB);
  MemoryShare share(budget, 300'000);
  HttpBody first(share, std::nullopt, kMiB);
  REQUIRE(first.take(std::string(200'000, 'x')));
  HttpBody second(share, std::nullopt, kMiB);
  CHECK_FALSE(give(second, std::string(200'000, 'x'), 4000));
  CHECK(second.fault() == Fault::NoMemory);
  CHECK(first.take(std::string(50'000, 'x')));
  CHECK(first.bytes().size() == 250'000);
  CHECK(budget.bytes_used() <= 300'000);

  HttpBody window(share, Packing::Zstd, kMiB);
  CHECK_FALSE(give(window, test::zstd_packed(std::string(1000, 'x'), 23), 5000));
  CHECK(window.fault() == Fault::NoMemory);
}

TEST_CASE("a buffer grows, gives up its front, and goes", "[http]") {
  MemoryBudget budget(kMiB);
  MemoryShare share(budget, kMiB);
  ChargedBuffer buffer(share);
  CHECK(buffer.append({}));
  CHECK(budget.bytes_used() == 0);
  CHECK(buffer.append(std::string("0123456789")));
  buffer.drop_front(4);
  CHECK(buffer.append(std::string("abc")));
  CHECK(std::string(buffer.bytes().data(), buffer.size()) == "456789abc");
  buffer.drop_front(9);
  CHECK(buffer.empty());
  CHECK(budget.bytes_used() == 0);
  CHECK(buffer.prepare(2 * kMiB).empty());
  CHECK(budget.bytes_used() == 0);
}
