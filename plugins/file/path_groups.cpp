#include "plugins/file/path_groups.hpp"

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

namespace weir::file {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a ^ 0x9e3779b97f4a7c15) * (b ^ 0xd1b54a32d192ed03);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t mix_text(std::uint64_t hash, std::string_view text) noexcept {
  hash = mix(hash, text.size());
  std::uint64_t word = 0;
  for (; text.size() >= sizeof(word); text.remove_prefix(sizeof(word))) {
    std::memcpy(&word, text.data(), sizeof(word));
    hash = mix(hash, word);
  }
  word = 0;
  if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  return mix(hash, word);
}

bool is_text(const Value& value) noexcept {
  return value.type() == ValueType::String || value.type() == ValueType::Json;
}

/// The bits of a value that is no text.
std::uint64_t bits_of(const Value& value) noexcept {
  switch (value.type()) {
    case ValueType::Bool:
      return value.boolean() ? 1 : 0;
    case ValueType::Int:
      return static_cast<std::uint64_t>(value.integer());
    case ValueType::Uint:
      return value.unsigned_integer();
    case ValueType::Double: {
      const double number = value.floating();
      std::uint64_t bits = 0;
      std::memcpy(&bits, &number, sizeof(bits));
      return bits;
    }
    default:
      return 0;
  }
}

/// True only if both render alike. Stricter than conditions are: 1 and 1.0 may be told apart.
bool identical(const Value& a, const Value& b) noexcept {
  if (a.type() != b.type()) return false;
  return is_text(a) ? a.text() == b.text() : bits_of(a) == bits_of(b);
}

/// Cuts what no file system would take as a name.
void cut_components(std::string& path) {
  std::size_t to = 0, length = 0;
  for (const char c : path) {
    length = c == '/' ? 0 : length + 1;
    if (length <= kComponentBytesMax) path[to++] = c;
  }
  path.resize(to);
}

}  // namespace

PathGroups::PathGroups(Template path, std::string_view directory)
    : path_(std::move(path)),
      directory_size_(directory.size()),
      period_ns_(path_.time_granularity_s() * kSecondNs),
      seed_(random_seed()) {}

void PathGroups::split(const Batch& batch) {
  clear();
  if (batch.empty()) return;

  std::uint32_t group = group_by_path(batch, 0);
  if (all_go_together(batch)) {
    runs_.push_back({.first = 0, .count = static_cast<std::uint32_t>(batch.size()), .next = kNone});
    groups_[group].first_run = groups_[group].last_run = 0;
    return;
  }
  group = group_by_key(batch, 0);
  append(group, 0);
  for (std::size_t event = 1; event < batch.size(); ++event) {
    if (!same_key(batch, event - 1, event)) group = group_by_key(batch, event);
    append(group, event);
  }
}

std::string PathGroups::fixed_path() const {
  std::string path;
  path_.render({}, 0, path);
  make_relative(path);
  return path;
}

void PathGroups::make_relative(std::string& path) const {
  path.erase(0, path.find_first_not_of('/', directory_size_));
  cut_components(path);
}

void PathGroups::clear() {
  // After an unusual batch the table is larger than is good to fill for the next.
  if (table_.size() > 64 && keys_.size() * 16 < table_.size()) table_.clear();
  std::fill(table_.begin(), table_.end(), kNone);
  size_ = 0;
  runs_.clear();
  keys_.clear();
  by_path_.clear();
}

std::int64_t PathGroups::period_of(const Batch& batch, std::size_t event) const noexcept {
  if (period_ns_ == 0) return 0;
  return batch.origin(batch.events()[event]).received_ns / period_ns_;
}

bool PathGroups::all_go_together(const Batch& batch) const noexcept {
  if (!path_.same_for_all_events()) return false;
  if (period_ns_ == 0) return true;
  const std::int64_t period = batch.origins().front().received_ns / period_ns_;
  return std::all_of(batch.origins().begin(), batch.origins().end(), [&](const Origin& origin) {
    return origin.received_ns / period_ns_ == period;
  });
}

bool PathGroups::same_key(const Batch& batch, std::size_t a, std::size_t b) const noexcept {
  if (batch.events()[a].origin != batch.events()[b].origin &&
      period_of(batch, a) != period_of(batch, b)) {
    return false;
  }
  const std::span<const Value> left = batch.columns(a), right = batch.columns(b);
  return std::all_of(path_.columns().begin(), path_.columns().end(),
                     [&](std::size_t column) { return identical(left[column], right[column]); });
}

std::uint64_t PathGroups::hash_of(const Batch& batch, std::size_t event) const noexcept {
  std::uint64_t hash = mix(seed_, static_cast<std::uint64_t>(period_of(batch, event)));
  const std::span<const Value> values = batch.columns(event);
  for (const std::size_t column : path_.columns()) {
    const Value& value = values[column];
    hash = mix(hash, static_cast<std::uint64_t>(value.type()));
    hash = is_text(value) ? mix_text(hash, value.text()) : mix(hash, bits_of(value));
  }
  return hash;
}

std::uint32_t PathGroups::group_by_key(const Batch& batch, std::size_t event) {
  if (keys_.size() * 2 >= table_.size()) grow_table();
  const std::uint64_t hash = hash_of(batch, event);
  std::size_t place = hash & (table_.size() - 1);
  for (; table_[place] != kNone; place = (place + 1) & (table_.size() - 1)) {
    const Key& key = keys_[table_[place]];
    if (key.hash == hash && same_key(batch, key.event, event)) return key.group;
  }
  table_[place] = static_cast<std::uint32_t>(keys_.size());
  const std::uint32_t group = group_by_path(batch, event);
  keys_.push_back({.hash = hash, .event = static_cast<std::uint32_t>(event), .group = group});
  return group;
}

// Different values can make the same path: "a/b" and "a_b". They share a group, for their order.
std::uint32_t PathGroups::group_by_path(const Batch& batch, std::size_t event) {
  rendered_.clear();
  path_.render(batch.columns(event), batch.origin(batch.events()[event]).received_ns, rendered_);
  make_relative(rendered_);
  if (const auto found = by_path_.find(rendered_); found != by_path_.end()) return found->second;
  const auto group = static_cast<std::uint32_t>(size_++);
  if (size_ > groups_.size()) groups_.emplace_back();
  groups_[group].path = rendered_;
  groups_[group].first_run = groups_[group].last_run = kNone;
  by_path_.emplace(groups_[group].path, group);
  return group;
}

void PathGroups::grow_table() {
  table_.assign(std::max<std::size_t>(64, table_.size() * 2), kNone);
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    std::size_t place = keys_[i].hash & (table_.size() - 1);
    while (table_[place] != kNone) place = (place + 1) & (table_.size() - 1);
    table_[place] = static_cast<std::uint32_t>(i);
  }
}

void PathGroups::append(std::uint32_t group, std::size_t event) {
  const auto index = static_cast<std::uint32_t>(event);
  Group& to = groups_[group];
  if (to.last_run != kNone) {
    Run& last = runs_[to.last_run];
    if (last.first + last.count == index) {
      ++last.count;
      return;
    }
    last.next = static_cast<std::uint32_t>(runs_.size());
  } else {
    to.first_run = static_cast<std::uint32_t>(runs_.size());
  }
  to.last_run = static_cast<std::uint32_t>(runs_.size());
  runs_.push_back({.first = index, .count = 1, .next = kNone});
}

}  // namespace weir::file
