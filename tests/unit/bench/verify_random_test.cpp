#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/bench/verify_rig.hpp"

using namespace weir::bench;
using namespace weir::bench::test;

namespace {

constexpr std::uint32_t kStreams = 3;
constexpr std::uint64_t kEvents = 80;  // Of each.

enum class Fault { None, Changed, Cut, CutBefore, CutInStamp, GluedToNext };

/// What leaves the router in place of an event.
struct Piece {
  std::uint32_t stream = 0;
  std::uint64_t sequence = 0;
  Fault fault = Fault::None;
};

/// A router with known faults, and the books that it would keep of them.
class FaultyRouter {
 public:
  explicit FaultyRouter(std::uint64_t seed) : random_(seed), json_(one_in(2)) {
    for (std::uint64_t sequence = 0; sequence < kEvents; ++sequence) {
      for (std::uint32_t stream = 0; stream < kStreams; ++stream) {
        pieces_.push_back({.stream = stream, .sequence = sequence});
      }
    }
    if (one_in(2)) lose();
    if (one_in(2)) copy();
    if (one_in(2)) move();
    if (one_in(2)) damage();
  }

  std::string bytes() {
    std::string bytes;
    for (const Piece& piece : pieces_) bytes += bytes_of(piece);
    return bytes;
  }

  void keep_books() {
    std::set<std::pair<std::uint32_t, std::uint64_t>> intact;
    std::set<std::pair<std::uint32_t, std::uint64_t>> told;
    std::map<std::uint32_t, std::uint64_t> ends;
    bool after_glue = false;
    std::uint64_t unnamed = 0;
    for (const Piece& piece : pieces_) {
      const auto event = std::make_pair(piece.stream, piece.sequence);
      // The line that another was glued to: in text neither can be told from the other.
      const bool is_torn = piece.fault == Fault::Cut || piece.fault == Fault::CutInStamp ||
                           (piece.fault == Fault::CutBefore && json_) ||
                           (!json_ && (piece.fault == Fault::GluedToNext || after_glue));
      after_glue = piece.fault == Fault::GluedToNext;
      const bool is_cut = piece.fault == Fault::Cut || piece.fault == Fault::CutBefore ||
                          piece.fault == Fault::CutInStamp;
      // The halves of a JSON object find each other.
      if (is_cut && !json_ && piece.fault != Fault::CutInStamp) ++foreign_;
      if (piece.fault == Fault::CutInStamp) {
        ++unnamed;
      } else {
        told.insert(event);
      }
      if (is_torn) {
        ++counts_.torn;
      } else if (piece.fault == Fault::Changed) {
        ++counts_.corrupted;
      } else if (!intact.insert(event).second) {
        ++counts_.duplicated;
        ends[piece.stream] = std::max(ends[piece.stream], piece.sequence);
      } else {
        std::uint64_t& end = ends[piece.stream];
        if (piece.sequence < end) ++counts_.reordered;
        end = std::max(end, piece.sequence);
      }
    }
    counts_.issued = kStreams * kEvents;
    counts_.delivered = intact.size();
    const std::uint64_t missing = counts_.issued - told.size();
    counts_.lost = missing - std::min(missing, unnamed);
  }

  const Counts& counts() const noexcept { return counts_; }
  std::uint64_t foreign() const noexcept { return foreign_; }

 private:
  bool one_in(std::uint64_t n) { return random_() % n == 0; }
  std::size_t any_place() { return random_() % pieces_.size(); }

  void lose() {
    for (std::size_t i = random_() % 40; i != 0; --i) {
      pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(any_place()));
    }
  }
  void copy() {
    for (std::size_t i = random_() % 40; i != 0; --i) {
      const Piece copied = pieces_[any_place()];
      pieces_.insert(pieces_.begin() + static_cast<std::ptrdiff_t>(any_place()), copied);
    }
  }
  void move() {
    for (std::size_t i = random_() % 40; i != 0; --i) {
      const std::size_t at = any_place();
      std::swap(pieces_[at], pieces_[one_in(2) ? any_place() : (at + 1) % pieces_.size()]);
    }
  }
  void damage() {
    for (std::size_t i = random_() % 40; i != 0; --i) {
      const std::size_t at = any_place();
      const bool has_neighbours = at != 0 && at + 1 != pieces_.size();
      const bool is_free = has_neighbours && pieces_[at - 1].fault == Fault::None &&
                           pieces_[at + 1].fault == Fault::None;
      if (is_free) pieces_[at].fault = static_cast<Fault>(random_() % 6);
    }
  }

  std::string bytes_of(const Piece& piece) {
    std::string line =
        json_ ? json_event(piece.stream, piece.sequence) : text_event(piece.stream, piece.sequence);
    const std::size_t stamp = line.find(kStampMagic);
    const std::size_t behind = stamp + kStampBytes;
    switch (piece.fault) {
      case Fault::None:
        break;
      case Fault::Changed:
        line[line.size() - 3] = '_';
        break;
      case Fault::Cut:
        line.insert(behind + random_() % (line.size() - behind - 1), "\n");
        break;
      case Fault::CutBefore:
        line.insert(2 + random_() % (stamp - 1), "\n");
        break;
      case Fault::CutInStamp:
        line.insert(stamp + kStampHeadBytes + random_() % 20, "\n");
        break;
      case Fault::GluedToNext:
        return line;
    }
    return line + (one_in(5) ? "\r\n" : "\n");
  }

  std::mt19937_64 random_;
  bool json_;
  std::vector<Piece> pieces_;
  Counts counts_;
  std::uint64_t foreign_ = 0;
};

}  // namespace

TEST_CASE("the verdict on any mixture of faults is the ledger of who made them", "[bench]") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    FaultyRouter router(seed);
    router.keep_books();
    const std::string bytes = router.bytes();
    const Verdict verdict =
        verdict_of(bytes, {{0, kEvents}, {1, kEvents}, {2, kEvents}}, 1 + seed * seed % 5000);
    INFO("seed " << seed);
    REQUIRE(verdict.all == router.counts());
    REQUIRE(verdict.foreign == router.foreign());
  }
}

TEST_CASE("no changed byte goes unseen", "[bench]") {
  for (const std::string& event : {json_event(0, 0), stamped_text(0, 0, "a \"text\" {1} \\ b")}) {
    for (std::size_t at = 0; at < event.size(); ++at) {
      for (const char to : {'x', '0', '"', '}', '{', ' ', '\\', ',', '\0', '\xff'}) {
        if (event[at] == to) continue;
        std::string changed = event;
        changed[at] = to;
        const Verdict verdict = verdict_of(changed, {{0, 1}}, 1 << 20);
        INFO(changed);
        REQUIRE(verdict.all.delivered == 0);
        REQUIRE(verdict.all.corrupted + verdict.all.torn + verdict.foreign == 1);
      }
    }
  }
}

TEST_CASE("random bytes are no event and do no harm", "[bench]") {
  std::mt19937_64 random(11);
  const std::string alphabet = "{}[]\",:\\ \r\nWEIR1jt-0a\xc3\xab";
  for (int round = 0; round < 300; ++round) {
    std::string bytes = json_event(0, 0) + "\n" + text_event(1, 0);
    for (int i = 0; i < 2000; ++i) {
      const std::size_t at = random() % bytes.size();
      if (random() % 20 == 0) {
        bytes.insert(at, random() % 2 == 0 ? "WEIR1j" : "{\"a\":\"WEIR1t");
      } else {
        bytes.insert(at, 1, alphabet[random() % alphabet.size()]);
      }
    }
    const Verdict verdict = verdict_of(bytes, {{0, 1}, {1, 1}}, 1 + random() % 3000);
    REQUIRE(verdict.all.delivered <= 2);
    REQUIRE(verdict.all.delivered + verdict.all.lost <= 2);
  }
}
