#include "plugins/prometheus/series_table.hpp"

#include "plugins/prometheus/label_key.hpp"
#include "router/base/assert.hpp"

namespace weir::metrics {
namespace {

constexpr std::size_t kSlotsMin = 64;

std::uint32_t fingerprint_of(std::uint64_t hash_of_key) noexcept {
  return static_cast<std::uint32_t>(hash_of_key >> 32U);
}

}  // namespace

SeriesTable::SeriesTable(std::uint64_t seed) : seed_(seed), slots_(kSlotsMin) {}

std::string_view SeriesTable::key(std::size_t series) const noexcept {
  const std::size_t begin = series == 0 ? 0 : ends_[series - 1];
  return std::string_view(keys_).substr(begin, ends_[series] - begin);
}

std::size_t SeriesTable::find(std::string_view key_sought) const noexcept {
  const std::uint64_t hash_of_key = hash(key_sought, seed_);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash_of_key & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.series_plus_one == 0) return kNone;
    if (slot.fingerprint != fingerprint_of(hash_of_key)) continue;
    const std::size_t series = slot.series_plus_one - 1;
    if (key(series) == key_sought) return series;
  }
}

std::size_t SeriesTable::insert(std::string_view new_key) {
  WEIR_ASSERT(size() < UINT32_MAX - 1);
  if ((size() + 1) * 2 > slots_.size()) grow();
  keys_ += new_key;
  ends_.push_back(keys_.size());
  place(hash(new_key, seed_), size() - 1);
  return size() - 1;
}

void SeriesTable::place(std::uint64_t hash_of_key, std::size_t series) noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash_of_key & mask;
  while (slots_[at].series_plus_one != 0) at = (at + 1) & mask;
  slots_[at] = {.fingerprint = fingerprint_of(hash_of_key),
                .series_plus_one = static_cast<std::uint32_t>(series + 1)};
}

void SeriesTable::grow() {
  slots_.assign(slots_.size() * 2, Slot{});
  for (std::size_t series = 0; series < size(); ++series) place(hash(key(series), seed_), series);
}

}  // namespace weir::metrics
