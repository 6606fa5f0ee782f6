#include "router/bench/stamp.hpp"

#include <array>
#include <cstring>

#include "router/bench/mix.hpp"

namespace weir::bench {
namespace {

// The number that begins at an offset has so many digits, and '-' on both sides.
struct Digits {
  std::size_t offset;
  std::size_t count;
};
constexpr Digits kRun{7, 4};
constexpr Digits kStream{12, 6};
constexpr Digits kSequence{19, 10};
constexpr Digits kTime{30, 16};
constexpr Digits kExtent{47, 6};
constexpr Digits kSum{54, 8};
constexpr std::array<Digits, 6> kAll = {kRun, kStream, kSequence, kTime, kExtent, kSum};
constexpr std::size_t kKindAt = kStampMagic.size();
static_assert(kSum.offset + kSum.count == kStampBytes);

/// Two digits for each byte.
constexpr std::array<char, 512> make_pairs() {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<char, 512> pairs{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    pairs[2 * byte] = kHex[byte / 16];
    pairs[2 * byte + 1] = kHex[byte % 16];
  }
  return pairs;
}
constexpr std::array<char, 512> kPairs = make_pairs();

template <Digits Place>
void write_hex(char* stamp, std::uint64_t number) noexcept {
  static_assert(Place.count % 2 == 0);
  for (std::size_t i = Place.count; i != 0; i -= 2, number >>= 8) {
    std::memcpy(stamp + Place.offset + i - 2, &kPairs[2 * (number & 0xff)], 2);
  }
  stamp[Place.offset - 1] = '-';
}

/// What a digit is worth; 0xff for what is none. Capitals are none: nobody writes them.
constexpr std::array<std::uint8_t, 256> make_worths() {
  std::array<std::uint8_t, 256> worths{};
  worths.fill(0xff);
  std::uint8_t worth = 0;
  for (const char digit : std::string_view("0123456789abcdef")) {
    worths[static_cast<unsigned char>(digit)] = worth++;
  }
  return worths;
}
constexpr std::array<std::uint8_t, 256> kWorths = make_worths();

/// The number at `Place`. Sets bits of `wrong` above the lowest four where there is anything else
/// than as many digits behind a '-': one look at it tells of the whole stamp.
template <Digits Place>
std::uint64_t read_hex(const char* stamp, std::uint8_t& wrong) noexcept {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < Place.count; ++i) {
    const std::uint8_t worth = kWorths[static_cast<unsigned char>(stamp[Place.offset + i])];
    wrong |= worth;
    number = number << 4 | (worth & 0xfU);
  }
  if (stamp[Place.offset - 1] != '-') wrong = 0xff;
  return number;
}

std::uint32_t sum_of(const Stamp& stamp, std::uint64_t content_sum) noexcept {
  const std::uint64_t origin = std::uint64_t{static_cast<unsigned char>(stamp.kind)} << 40 |
                               std::uint64_t{stamp.run} << 24 | stamp.stream;
  std::uint64_t sum = mix(content_sum + mix(origin) + stamp.extent);
  sum = mix(sum ^ stamp.sequence);
  sum = mix(sum ^ static_cast<std::uint64_t>(stamp.time_ns));
  return static_cast<std::uint32_t>(sum ^ sum >> 32);
}

}  // namespace

void write_stamp(char* to, const Stamp& stamp, std::uint64_t content_sum) noexcept {
  std::memcpy(to, kStampMagic.data(), kStampMagic.size());
  to[kKindAt] = static_cast<char>(stamp.kind);
  write_hex<kRun>(to, stamp.run);
  write_hex<kStream>(to, stamp.stream);
  write_hex<kSequence>(to, stamp.sequence);
  write_hex<kTime>(to, static_cast<std::uint64_t>(stamp.time_ns));
  write_hex<kExtent>(to, stamp.extent);
  write_hex<kSum>(to, sum_of(stamp, content_sum));
}

bool FoundStamp::fits(std::uint64_t content_sum) const noexcept {
  return sum == sum_of(stamp, content_sum);
}

std::optional<FoundStamp> read_stamp(std::string_view text) noexcept {
  if (text.size() < kStampBytes || !text.starts_with(kStampMagic)) return std::nullopt;
  const char kind = text[kKindAt];
  if (kind != 'j' && kind != 't') return std::nullopt;
  const char* const at = text.data();
  std::uint8_t wrong = 0;
  const std::uint64_t run = read_hex<kRun>(at, wrong);
  const std::uint64_t stream = read_hex<kStream>(at, wrong);
  const std::uint64_t sequence = read_hex<kSequence>(at, wrong);
  const std::uint64_t time = read_hex<kTime>(at, wrong);
  const std::uint64_t extent = read_hex<kExtent>(at, wrong);
  const std::uint64_t sum = read_hex<kSum>(at, wrong);
  if (wrong > 0xf) return std::nullopt;
  return FoundStamp{.stamp = {.kind = static_cast<StampKind>(kind),
                              .run = static_cast<std::uint16_t>(run),
                              .stream = static_cast<std::uint32_t>(stream),
                              .sequence = sequence,
                              .time_ns = static_cast<std::int64_t>(time),
                              .extent = static_cast<std::uint32_t>(extent)},
                    .sum = static_cast<std::uint32_t>(sum)};
}

bool has_stamp_dashes(std::string_view text) noexcept {
  if (text.size() < kStampBytes) return false;
  bool all = true;
  for (const Digits& place : kAll) all &= text[place.offset - 1] == '-';
  return all;
}

namespace {

/// Of what begins with all of a stamp but its first `missing` bytes.
std::size_t count_unlike(std::string_view text, std::size_t missing) noexcept {
  text = text.substr(0, kStampBytes - missing);
  std::size_t unlike = 0;
  const auto look = [&](std::size_t at, auto fits) {
    const bool is_there = at >= missing && at - missing < text.size();
    if (is_there && !fits(text[at - missing])) ++unlike;
  };
  for (std::size_t i = 0; i < kKindAt; ++i) look(i, [&](char c) { return c == kStampMagic[i]; });
  look(kKindAt, [](char c) { return c == 'j' || c == 't'; });
  for (const Digits& place : kAll) {
    look(place.offset - 1, [](char c) { return c == '-'; });
    for (std::size_t i = 0; i < place.count; ++i) {
      look(place.offset + i, [](char c) { return kWorths[static_cast<unsigned char>(c)] <= 0xf; });
    }
  }
  return unlike;
}

}  // namespace

std::size_t count_unlike_stamp(std::string_view text) noexcept { return count_unlike(text, 0); }

bool begins_in_stamp(std::string_view text) noexcept {
  const std::size_t dash = text.find('-');
  for (const Digits& place : kAll) {
    const std::size_t missing = place.offset - 1 - dash;  // Wraps where it is none.
    if (missing == 0 || missing >= kTime.offset) continue;
    if (text.size() >= kStampBytes - missing && count_unlike(text, missing) == 0) return true;
  }
  return false;
}

}  // namespace weir::bench
