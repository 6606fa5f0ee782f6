#pragma once

// AddedFields: tells what a router added to JSON events (`host`, `timestamp`, …) from what it
// changed. An event's stamp says how many fields it had; where there are more, some are left out,
// until the sum of the rest fits:
//
//   1. those that were found before        2. all that made-up events do not have
//   3. names that are known of routers     4. the first and the last ones
//   5. every choice of so many, where those are few
//
// A choice that fits by chance is one in 2^32. So what is added to made-up events is always found;
// to those of a payload if it is named as routers do, or stands at the ends, or is little.
//
// Bounds: kTriesMax sums for one event in steps 3 and 5 each. Of events whose fields have the same
// names, these are taken for the first kMissesInFull for which nothing is found, and then for a few
// of them: a router that changes every event does not slow its verifier down, and when it begins to
// add something else, that is found.
//
// Threads: one.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "router/bench/content_sum.hpp"
#include "router/bench/stamp.hpp"

namespace weir::bench {

class AddedFields {
 public:
  static constexpr std::size_t kTriesMax = 10'000;
  static constexpr std::uint32_t kMissesInFull = 100;

  /// The sum of `fields`, without the stamp's (at `stamp_at`) and without added ones, if `found`
  /// was made for it.
  std::optional<std::uint64_t> fitting_sum(const FoundStamp& found,
                                           const std::vector<JsonContent::Field>& fields,
                                           std::size_t stamp_at);

  /// All names that were found to be added, each once.
  std::vector<std::string> names() const;

 private:
  struct Added {
    std::string name;
    std::size_t at = 0;  // Where it was the last time; most events are alike.
  };
  using Set = std::vector<Added>;
  struct Search;

  std::optional<std::uint64_t> sum_without(Set& set, const Search& search);
  bool found_by_search(Search& search);
  void remember(const Search& search);

  std::vector<Set> sets_;
  // How often nothing was found, by the sum over the names of an event's fields.
  std::unordered_map<std::uint64_t, std::uint32_t> misses_;
};

}  // namespace weir::bench
