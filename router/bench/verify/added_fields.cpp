#include "router/bench/verify/added_fields.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "router/bench/made_fields.hpp"

namespace weir::bench {
namespace {

// Fields that routers add when they are not told otherwise, and what syslog's are called.
constexpr std::array<std::string_view, 34> kKnownNames = {
    "@timestamp", "@version",    "agent",    "appname",     "client",    "date",     "datetime",
    "event",      "facility",    "file",     "fluentd_tag", "host",      "hostname", "input",
    "level",      "log",         "message",  "metadata",    "msgid",     "offset",   "path",
    "pid",        "port",        "priority", "procid",      "program",   "server",   "severity",
    "source",     "source_type", "stream",   "tag",         "timestamp", "version"};

// More sets than that are no router's doing.
constexpr std::size_t kSetsMax = 16;

// Nor so many fields.
constexpr std::size_t kSurplusMax = 64;

// A search that finds nothing takes up to half a millisecond; one in so many events is 10 us each.
constexpr std::uint32_t kMissesForOne = 64;

// More kinds of events than that come of no router; 64 KiB.
constexpr std::size_t kKindsMax = 1024;

bool is_known(std::string_view name) noexcept {
  return std::binary_search(kKnownNames.begin(), kKnownNames.end(), name);
}

/// Whether there are at most kTriesMax choices of `chosen` out of `all`.
bool are_few(std::size_t all, std::size_t chosen) noexcept {
  if (chosen > all) return false;
  double choices = 1;
  for (std::size_t i = 0; i < chosen; ++i) {
    choices *= static_cast<double>(all - i) / static_cast<double>(i + 1);
  }
  return choices <= static_cast<double>(AddedFields::kTriesMax);
}

}  // namespace

/// One event whose added fields are sought.
struct AddedFields::Search {
  const FoundStamp& found;
  const std::vector<JsonContent::Field>& fields;
  std::size_t stamp_at;
  std::uint64_t sum;                // Of all but the stamp's.
  std::size_t surplus;              // So many are to be left out...
  std::vector<std::size_t> chosen;  // ...these now.

  /// All but those that a made-up event has.
  bool not_made(const std::vector<std::size_t>& all) {
    chosen.clear();
    std::array<bool, kMadeFields.size()> had{};
    for (const std::size_t i : all) {
      const auto* const name =
          std::lower_bound(kMadeFields.begin(), kMadeFields.end(), fields[i].name);
      const bool is_made = name != kMadeFields.end() && *name == fields[i].name;
      // A second one of that name is not its own.
      if (!is_made || std::exchange(had[name - kMadeFields.begin()], true)) chosen.push_back(i);
    }
    return chosen.size() == surplus && fits();
  }

  /// The first `surplus` fields, or some at the beginning and some at the end.
  bool at_the_ends(const std::vector<std::size_t>& all) {
    for (std::size_t front = 0; front <= surplus; ++front) {
      chosen.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(front));
      chosen.insert(chosen.end(), all.end() - static_cast<std::ptrdiff_t>(surplus - front),
                    all.end());
      if (fits()) return true;
    }
    return false;
  }

  /// Whether what is not chosen is what was sent.
  bool fits() const noexcept {
    std::uint64_t rest = sum;
    for (const std::size_t i : chosen) rest -= fields[i].sum;
    return found.fits(rest);
  }

  /// Any choice among `candidates`.
  bool among(const std::vector<std::size_t>& candidates) {
    chosen.clear();
    return are_few(candidates.size(), surplus) && choose(candidates, 0, sum);
  }

  /// Goes through the choices of the rest from `candidates[from]` on.
  // NOLINTNEXTLINE(misc-no-recursion): as deep as there are fields to leave out.
  bool choose(const std::vector<std::size_t>& candidates, std::size_t from, std::uint64_t rest) {
    if (chosen.size() == surplus) return found.fits(rest);
    const std::size_t open = surplus - chosen.size();
    for (std::size_t i = from; i + open <= candidates.size(); ++i) {
      chosen.push_back(candidates[i]);
      if (choose(candidates, i + 1, rest - fields[candidates[i]].sum)) return true;
      chosen.pop_back();
    }
    return false;
  }
};

std::optional<std::uint64_t> AddedFields::fitting_sum(const FoundStamp& found,
                                                      const std::vector<JsonContent::Field>& fields,
                                                      std::size_t stamp_at) {
  const std::size_t present = fields.size() - 1;
  if (present < found.stamp.extent) return std::nullopt;
  std::uint64_t sum = 0;
  for (const JsonContent::Field& field : fields) sum += field.sum;
  sum -= fields[stamp_at].sum;
  if (present == found.stamp.extent) {
    return found.fits(sum) ? std::optional(sum) : std::nullopt;
  }

  Search search{.found = found,
                .fields = fields,
                .stamp_at = stamp_at,
                .sum = sum,
                .surplus = present - found.stamp.extent};
  for (Set& set : sets_) {
    if (const auto rest = sum_without(set, search)) return rest;
  }
  if (!found_by_search(search)) return std::nullopt;
  remember(search);
  return sum_without(sets_.front(), search);
}

std::optional<std::uint64_t> AddedFields::sum_without(Set& set, const Search& search) {
  if (set.size() != search.surplus) return std::nullopt;
  std::uint64_t rest = search.sum;
  for (Added& added : set) {
    const auto is_it = [&](const JsonContent::Field& field) { return field.name == added.name; };
    if (added.at >= search.fields.size() || !is_it(search.fields[added.at])) {
      const auto place = std::find_if(search.fields.begin(), search.fields.end(), is_it);
      if (place == search.fields.end()) return std::nullopt;
      added.at = static_cast<std::size_t>(place - search.fields.begin());
    }
    rest -= search.fields[added.at].sum;
  }
  return search.found.fits(rest) ? std::optional(rest) : std::nullopt;
}

bool AddedFields::found_by_search(Search& search) {
  if (search.surplus > kSurplusMax) return false;
  std::vector<std::size_t> known;
  std::vector<std::size_t> all;
  std::uint64_t names = 0;
  for (std::size_t i = 0; i < search.fields.size(); ++i) {
    if (i == search.stamp_at) continue;
    all.push_back(i);
    names += text_sum(search.fields[i].name);
    if (is_known(search.fields[i].name)) known.push_back(i);
  }
  if (search.not_made(all)) return true;
  if (misses_.size() == kKindsMax && misses_.count(names) == 0) misses_.clear();
  std::uint32_t& misses = misses_[names];
  const bool is_tried = misses < kMissesInFull || misses % kMissesForOne == 0;
  if (is_tried && (search.among(known) || search.at_the_ends(all) || search.among(all))) {
    return true;
  }
  ++misses;
  return false;
}

void AddedFields::remember(const Search& search) {
  if (sets_.size() == kSetsMax) sets_.pop_back();
  Set set;
  for (const std::size_t at : search.chosen) {
    set.push_back({.name = std::string(search.fields[at].name), .at = at});
  }
  sets_.insert(sets_.begin(), std::move(set));
}

std::vector<std::string> AddedFields::names() const {
  std::set<std::string> names;
  for (const Set& set : sets_) {
    for (const Added& added : set) names.insert(added.name);
  }
  return {names.begin(), names.end()};
}

}  // namespace weir::bench
