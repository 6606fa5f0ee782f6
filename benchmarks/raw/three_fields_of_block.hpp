#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "benchmarks/raw/receiver.hpp"
#include "benchmarks/raw/three_fields.hpp"

// The same answer as ThreeFields from one call of simdjson's stage 1 for a whole block instead of
// one per event, and a walk over the positions that it found. Stage 1 rejects a newline inside a
// string, so a block that it accepts holds no event that disturbs the next one; the events of a
// block that it rejects are read one at a time by ThreeFields.

namespace weir::raw {

class ThreeFieldsOfBlock {
 public:
  explicit ThreeFieldsOfBlock(std::size_t block_bytes_max);

  /// As ThreeFields::evaluate.
  void evaluate(const char* block, std::span<const std::uint32_t> ends, Figures& figures);

 private:
  /// Reads the event whose positions begin at `first` and that ends at `end`; returns a position
  /// that it came to, or null, and counts nothing, if only ThreeFields can tell: an escape, a
  /// missing field or something else that is rare.
  static const std::uint32_t* evaluate_event(const char* block, const std::uint32_t* first,
                                             std::uint32_t end, Figures& figures);

  ThreeFields one_at_a_time_;
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1_;
};

}  // namespace weir::raw
