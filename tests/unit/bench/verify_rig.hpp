#pragma once

// What the tests of the verifier share: events as a generator would send them, and their way into a
// Verifier, whole and cut into chunks.
//
// Threads: one.

#include <cstddef>
#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "router/bench/content_sum.hpp"
#include "router/bench/stamp.hpp"
#include "router/bench/verify/verifier.hpp"
#include "tests/support/catch.hpp"

namespace weir::bench {

inline std::ostream& operator<<(std::ostream& out, const Counts& counts) {
  return out << "issued " << counts.issued << ", delivered " << counts.delivered << ", lost "
             << counts.lost << ", duplicated " << counts.duplicated << ", reordered "
             << counts.reordered << ", corrupted " << counts.corrupted << ", torn " << counts.torn;
}

}  // namespace weir::bench

namespace weir::bench::test {

inline constexpr std::uint16_t kRun = 0x1f2e;
inline constexpr std::int64_t kSentNs = 1'700'000'000'000'000'000;

using Lines = std::vector<std::string>;
using Issued = std::map<std::uint32_t, std::uint64_t>;

/// Fields of every type, the stamp in the midst of them.
inline std::string json_event(std::uint32_t stream, std::uint64_t sequence,
                              std::uint16_t run = kRun) {
  std::string line = R"({"time":"2026-01-02T03:04:05Z","level":"info","user":"Zoë 😀 \"q\"",)"
                     R"("path":"/shop/cart","status":2,"bytes":)" +
                     std::to_string(1000 + sequence) +
                     R"(,"nested":{"a":[1,{"b":null}],"c":"}"},"bench":")";
  const std::size_t at = line.size();
  line += std::string(kStampBytes, 'x') + R"(","ratio":0.25,"ok":true,"text":"the end of it"})";
  const ContentSum content = json_sum(line).value_or(ContentSum{});
  REQUIRE(content.fields != 0);
  write_stamp(line.data() + at,
              {.kind = StampKind::Json,
               .run = run,
               .stream = stream,
               .sequence = sequence,
               .time_ns = kSentNs,
               .extent = content.fields},
              content.sum);
  return line;
}

/// A stamp, a blank and `text`.
inline std::string stamped_text(std::uint32_t stream, std::uint64_t sequence, std::string_view text,
                                std::uint16_t run = kRun) {
  std::string event(kStampBytes, 'x');
  write_stamp(event.data(),
              {.kind = StampKind::Text,
               .run = run,
               .stream = stream,
               .sequence = sequence,
               .time_ns = kSentNs,
               .extent = static_cast<std::uint32_t>(text.size())},
              text_sum(text));
  return event + ' ' + std::string(text);
}

inline std::string text_event(std::uint32_t stream, std::uint64_t sequence,
                              std::uint16_t run = kRun) {
  return "<14>Jan  2 03:04:05 host app[7]: " +
         stamped_text(stream, sequence,
                      "user \"Zoë\" took {" + std::to_string(sequence) + "} of /shop\\cart", run);
}

/// `count` events of each stream, in turn.
template <class Make>
Lines events(Make make, std::uint32_t streams, std::uint64_t count) {
  Lines lines;
  for (std::uint64_t sequence = 0; sequence < count; ++sequence) {
    for (std::uint32_t stream = 0; stream < streams; ++stream) {
      lines.push_back(make(stream, sequence, kRun));
    }
  }
  return lines;
}
inline Lines json_events(std::uint32_t streams, std::uint64_t count) {
  return events(json_event, streams, count);
}
inline Lines text_events(std::uint32_t streams, std::uint64_t count) {
  return events(text_event, streams, count);
}

inline std::string joined(const Lines& lines, std::string_view newline = "\n") {
  std::string bytes;
  for (const std::string& line : lines) bytes.append(line).append(newline);
  return bytes;
}

/// `text` with the first `from` made `to`.
inline std::string with(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// `text` as the value of a JSON string.
inline std::string quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

inline Verdict verdict_of(std::string_view bytes, const Issued& issued, std::size_t chunk_bytes,
                          std::size_t line_bytes_max = LineSplitter::kLineBytesMax) {
  Verifier verifier(kRun, line_bytes_max);
  Lane& lane = verifier.lane("out.log");
  for (std::size_t at = 0; at < bytes.size(); at += chunk_bytes) {
    lane.bytes(bytes.substr(at, chunk_bytes), kSentNs + 5'000'000);
  }
  lane.end();
  const Verdict verdict = verifier.verdict(issued);
  if (verdict.all.corrupted == 0 && verdict.all.torn == 0) {
    CHECK(verifier.seen() == verdict.all.delivered);
  }
  return verdict;
}

/// What the verdict on `bytes` has to be, however they are cut.
inline void check(std::string_view bytes, const Issued& issued, const Counts& expected,
                  std::uint64_t foreign = 0) {
  for (const std::size_t chunk_bytes : {std::size_t{1} << 30, 1UL, 7UL, 61UL, 4096UL}) {
    if (chunk_bytes == 1 && bytes.size() > 100'000) continue;
    const Verdict verdict = verdict_of(bytes, issued, chunk_bytes);
    INFO(bytes.substr(0, 2000));
    INFO("in chunks of " << chunk_bytes);
    CHECK(verdict.all == expected);
    CHECK(verdict.foreign == foreign);
    CHECK(verdict.latency.count == expected.delivered);
  }
}
inline void check(const Lines& lines, const Issued& issued, const Counts& expected,
                  std::uint64_t foreign = 0) {
  check(joined(lines), issued, expected, foreign);
}

}  // namespace weir::bench::test
