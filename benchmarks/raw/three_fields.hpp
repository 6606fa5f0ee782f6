#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "benchmarks/raw/receiver.hpp"

// Reads `level`, `app` and `status` of events with simdjson On-Demand and evaluates
// `level == "error" || status >= 500`. One parser, no copy of an event, no allocation per event.

namespace weir::raw {

class ThreeFields {
 public:
  /// Requires: no event is longer than `block_bytes_max`.
  explicit ThreeFields(std::size_t block_bytes_max);

  /// Evaluates the events of `block` that end at `ends`, the first of which begins at offset 0,
  /// and counts them in `figures`. Requires: SIMDJSON_PADDING readable bytes after the last.
  void evaluate(const char* block, std::span<const std::uint32_t> ends, Figures& figures);

  /// The same of one event; what is not a JSON object matches nothing.
  void evaluate_event(const char* event, std::size_t bytes, Figures& figures);

 private:
  simdjson::ondemand::parser parser_;
};

}  // namespace weir::raw
