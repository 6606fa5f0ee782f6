#pragma once

// Verdict: what became of the events that were sent, in numbers. Made by the Verifier.
//
// Threads: plain values.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::bench {

struct Counts {
  std::uint64_t issued = 0;
  std::uint64_t delivered = 0;   ///< Distinct, and as they were sent.
  std::uint64_t lost = 0;        ///< Issued, and not seen in any form.
  std::uint64_t duplicated = 0;  ///< Copies beyond the first.
  std::uint64_t reordered = 0;   ///< A later one of its stream came before it in its lane.
  std::uint64_t corrupted = 0;   ///< Complete in form, but not what was sent.
  std::uint64_t torn = 0;        ///< A part of an event, or events glued together.

  friend bool operator==(const Counts&, const Counts&) = default;
};

/// Nanoseconds from when an event was to be sent until its first copy was received.
struct Latencies {
  std::uint64_t count = 0;
  std::int64_t p50 = 0;
  std::int64_t p90 = 0;
  std::int64_t p99 = 0;
  std::int64_t p99_9 = 0;
  std::int64_t p99_99 = 0;
  std::int64_t max = 0;
};

/// Both are in it.
struct SequenceRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  friend bool operator==(const SequenceRange&, const SequenceRange&) = default;
};

struct StreamVerdict {
  std::uint32_t stream = 0;
  Counts counts;
  std::vector<SequenceRange> lost;   ///< The first few.
  std::uint64_t unnamed = 0;         ///< Broken ones that say no sequence that was issued.
  std::optional<Latencies> latency;  ///< Where there are few streams.
};

enum class TroubleKind { Corrupted, Torn, Duplicated, Reordered, Foreign };

/// An example for the report.
struct Trouble {
  TroubleKind kind = TroubleKind::Corrupted;
  std::string lane;
  std::uint64_t line = 0;                 ///< Of the lane, from 1.
  std::optional<std::uint32_t> stream;    ///< As its stamp says...
  std::optional<std::uint64_t> sequence;  ///< ...where that could be read.
  std::string text;                       ///< Its beginning, printable.
};

struct Verdict {
  /// False where nobody said what was issued. Each stream's highest sequence stands for it then,
  /// and what was lost at its end is not seen.
  bool issued_known = false;

  Counts all;  ///< With those broken ones whose stream nobody knows.
  /// Broken ones that do not say which they are. Each is of an event that is missing, most likely,
  /// so as many are left out of `all.lost`; the streams' own count all that are missing.
  std::uint64_t unnamed = 0;
  std::uint64_t foreign = 0;  ///< Lines that are none of this run's events.
  Latencies latency;
  std::vector<StreamVerdict> streams;     ///< By number.
  std::vector<Trouble> troubles;          ///< A few of each kind, in the order of kinds.
  std::vector<std::string> fields_added;  ///< Names that the router added to JSON events.
  std::optional<std::uint16_t> run;       ///< The one that was looked for, or found.
};

/// "corrupted", "torn", …
std::string_view name_of(TroubleKind kind) noexcept;

/// A line for people: `torn: lane out.log, line 12, stream 3, sequence 77: {"time":…`
std::string to_text(const Trouble& trouble);

}  // namespace weir::bench
