#pragma once

// ChunkMaker: a Batch as chunks (messages of mode PackedForward or CompressedPackedForward), one
// for each tag, and more where they would be longer than they may be. The same Batch always gives
// the same chunks: so one that is sent again has the name that it had before, and its receiver
// knows it.
//
// One belongs to one sink and its thread. Memory: one chunk, and its compressed form.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/forward/record_maker.hpp"
#include "router/base/batch.hpp"
#include "router/sink/template.hpp"

namespace weir::forward {

/// Which events of a Batch a chunk has.
struct ChunkPlan {
  std::string tag;
  std::vector<std::uint32_t> events;  ///< Empty: all from `first` to `last`.
  std::uint32_t first = 0;
  std::uint32_t last = 0;  ///< Behind the last one.
};

class ChunkMaker {
 public:
  ChunkMaker(Template tag, RecordMaker records, std::size_t chunk_bytes, bool compresses)
      : tag_(std::move(tag)),
        records_(std::move(records)),
        chunk_bytes_(chunk_bytes),
        compresses_(compresses) {}

  std::vector<ChunkPlan> plan(const Batch& batch) const;

  /// The whole message. `name` is its chunk option. Fails where it cannot be compressed.
  bool make(const Batch& batch, const ChunkPlan& plan, std::string_view name, std::string& out);

 private:
  void plan_one_tag(const Batch& batch, std::vector<ChunkPlan>& plans) const;
  void plan_tags(const Batch& batch, std::vector<ChunkPlan>& plans) const;

  Template tag_;
  RecordMaker records_;
  const std::size_t chunk_bytes_;
  const bool compresses_;
  std::string entries_;
  std::string packed_;
};

}  // namespace weir::forward
