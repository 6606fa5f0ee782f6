#pragma once

// PathGroups: a batch, split by the path that each event's values and arrival time lead to. Within
// a group the events keep their order. A path is rendered once for each combination of values in
// the batch, not for each event; where all events share one path, nothing is looked at but the
// Origins.
//
// The time of a path is that of arrival, so a batch that is written again goes where it went
// before.
//
// Belongs to its sink's thread. Keeps its memory from batch to batch.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "router/base/batch.hpp"
#include "router/sink/template.hpp"

namespace weir::file {

/// Bytes of one component of a path; what is longer is cut, so that the suffixes of rotation still
/// fit into the 255 that file systems allow.
inline constexpr std::size_t kComponentBytesMax = 200;

class PathGroups {
 public:
  /// Neighbours in the batch that go to the same path.
  struct Run {
    std::uint32_t first;
    std::uint32_t count;
    std::uint32_t next;  ///< The group's next Run, or kNone.
  };
  static constexpr std::uint32_t kNone = 0xffffffff;

  /// Paths become relative to `directory`, which they all begin with.
  PathGroups(Template path, std::string_view directory);

  void split(const Batch& batch);

  /// The path of all events. Requires: it depends on neither their values nor time.
  std::string fixed_path() const;

  std::size_t size() const noexcept { return size_; }
  const std::string& path(std::size_t group) const noexcept { return groups_[group].path; }
  std::uint32_t first_run(std::size_t group) const noexcept { return groups_[group].first_run; }
  const Run& run(std::uint32_t index) const noexcept { return runs_[index]; }

 private:
  struct Group {
    std::string path;
    std::uint32_t first_run;
    std::uint32_t last_run;
  };
  struct Key {
    std::uint64_t hash;
    std::uint32_t event;  // The first with these values.
    std::uint32_t group;
  };

  void clear();
  void make_relative(std::string& path) const;
  std::int64_t period_of(const Batch& batch, std::size_t event) const noexcept;
  bool all_go_together(const Batch& batch) const noexcept;
  bool same_key(const Batch& batch, std::size_t a, std::size_t b) const noexcept;
  std::uint64_t hash_of(const Batch& batch, std::size_t event) const noexcept;
  std::uint32_t group_by_key(const Batch& batch, std::size_t event);
  std::uint32_t group_by_path(const Batch& batch, std::size_t event);
  void grow_table();
  void append(std::uint32_t group, std::size_t event);

  const Template path_;
  const std::size_t directory_size_;
  const std::int64_t period_ns_;  // For which a rendered time holds; 0 = for ever.
  const std::uint64_t seed_;      // So that no sender can choose values that collide.

  std::deque<Group> groups_;  // The first size_ are in use, the rest keep their memory.
  std::size_t size_ = 0;
  std::vector<Run> runs_;
  std::vector<Key> keys_;
  std::vector<std::uint32_t> table_;  // Indices into keys_ or kNone; at most half full.
  std::unordered_map<std::string_view, std::uint32_t> by_path_;  // Views Group::path.
  std::string rendered_;
};

}  // namespace weir::file
