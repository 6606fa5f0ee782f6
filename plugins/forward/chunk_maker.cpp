#include "plugins/forward/chunk_maker.hpp"

#include <zlib.h>

#include <unordered_map>
#include <utility>

#include "router/forward/msgpack.hpp"

namespace weir::forward {
namespace {

/// What an entry has beside the event: a time, the heads, a field's name.
constexpr std::size_t kEntryOverheadBytes = 32;

constexpr int kGzip = 16;  // Added to the window's bits: zlib then writes gzip (RFC 1952).
constexpr int kMemoryLevel = 8;

/// Speed before size: 3 is where zlib still is quick.
constexpr int kLevel = 3;

bool gzip(std::string_view bytes, std::string& out) {
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, MAX_WBITS + kGzip, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return false;
  }
  out.resize(deflateBound(&stream, bytes.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool good = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return good;
}

}  // namespace

std::vector<ChunkPlan> ChunkMaker::plan(const Batch& batch) const {
  std::vector<ChunkPlan> plans;
  if (batch.empty()) return plans;
  if (tag_.same_for_all_events()) {
    plan_one_tag(batch, plans);
  } else {
    plan_tags(batch, plans);
  }
  return plans;
}

void ChunkMaker::plan_one_tag(const Batch& batch, std::vector<ChunkPlan>& plans) const {
  std::string tag;
  // Of a time that does not change when the batch is sent again.
  tag_.render(batch.columns(0), batch.oldest_received_ns(), tag);
  std::size_t bytes = 0;
  for (std::uint32_t i = 0; i < batch.size(); ++i) {
    const std::size_t size = batch.events()[i].size + kEntryOverheadBytes;
    if (plans.empty() || bytes + size > chunk_bytes_) {
      plans.push_back({.tag = tag, .events = {}, .first = i, .last = i});
      bytes = 0;
    }
    bytes += size;
    plans.back().last = i + 1;
  }
}

void ChunkMaker::plan_tags(const Batch& batch, std::vector<ChunkPlan>& plans) const {
  struct Open {
    std::size_t plan;
    std::size_t bytes;
  };
  std::unordered_map<std::string, Open> open;
  std::string tag;
  for (std::uint32_t i = 0; i < batch.size(); ++i) {
    tag.clear();
    tag_.render(batch.columns(i), batch.oldest_received_ns(), tag);
    const std::size_t size = batch.events()[i].size + kEntryOverheadBytes;
    const auto [known, is_new] = open.try_emplace(tag, Open{plans.size(), 0});
    if (!is_new && known->second.bytes + size > chunk_bytes_) known->second = {plans.size(), 0};
    if (known->second.plan == plans.size()) plans.push_back({.tag = tag, .events = {}});
    known->second.bytes += size;
    plans[known->second.plan].events.push_back(i);
  }
}

bool ChunkMaker::make(const Batch& batch, const ChunkPlan& plan, std::string_view name,
                      std::string& out) {
  entries_.clear();
  std::size_t count = plan.events.size();
  if (plan.events.empty()) {
    count = plan.last - plan.first;
    for (std::size_t i = plan.first; i < plan.last; ++i) records_.append(batch, i, entries_);
  } else {
    for (const std::uint32_t i : plan.events) records_.append(batch, i, entries_);
  }
  if (compresses_ && !gzip(entries_, packed_)) return false;
  out.clear();
  msgpack::write_array_head(3, out);
  msgpack::write_text(plan.tag, out);
  msgpack::write_binary(compresses_ ? packed_ : entries_, out);
  msgpack::write_map_head(compresses_ ? 3 : 2, out);
  msgpack::write_text("size", out);
  msgpack::write_unsigned(count, out);
  msgpack::write_text("chunk", out);
  msgpack::write_text(name, out);
  if (compresses_) {
    msgpack::write_text("compressed", out);
    msgpack::write_text("gzip", out);
  }
  return true;
}

}  // namespace weir::forward
