#pragma once

// Record: a Batch as the payload of frames, and back. Columns are not stored: they are computed
// anew when the Batch is read, by the configuration of that time (ColumnSource).
//
//   payload = counts, names of sources, origins, a table of events, their bytes, each with a '\n'
//
// Threads: plain functions; a SourceNames belongs to one reader's thread.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "router/base/batch.hpp"

namespace weir {

/// The names that Origin::source points to; each stays where it is for as long as this lives.
class SourceNames {
 public:
  const std::string* intern(std::string_view name) { return &*names_.emplace(name).first; }

 private:
  std::set<std::string, std::less<>> names_;
};

/// Computes the columns of events that were not looked at by this process.
class ColumnSource {
 public:
  virtual ~ColumnSource() = default;

  /// One for each column of the sink. They hold until the next call. `event` lies in a Block.
  virtual std::span<const Value> columns(const Event& event, const Origin& origin) = 0;
};

namespace spool {

/// How many events from `first` on fit into a payload of about `bytes_max`; at least one.
std::size_t events_for_frame(const Batch& batch, std::size_t first, std::size_t bytes_max) noexcept;

/// The length of the payload of `count` events from `first` on, or a little more.
std::size_t payload_bytes_max(const Batch& batch, std::size_t first, std::size_t count) noexcept;

/// Appends the payload of `count` events from `first` on.
void append_payload(const Batch& batch, std::size_t first, std::size_t count,
                    std::vector<char>& to);

/// Adds the events of a payload, which lies in `block`, to `batch`. False, and nothing added, where
/// the payload is not what append_payload() makes. `columns` may be null where the batch has none.
bool read_payload(std::string_view payload, std::uint32_t event_count, const BlockRef& block,
                  SourceNames& names, ColumnSource* columns, Batch& batch);

/// Origins that the payload brings: a Batch has room for a limited number.
std::size_t origin_count(std::string_view payload) noexcept;

/// When the oldest and the newest of the payload's reads came. Nothing where it is not well-formed.
std::optional<std::pair<std::int64_t, std::int64_t>> received_times(std::string_view payload);

}  // namespace spool
}  // namespace weir
