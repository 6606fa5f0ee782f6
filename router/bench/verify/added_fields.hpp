#pragma once

// AddedFields: tells what a router added to JSON events (`host`, `timestamp`, …) from what it
// changed. An event's stamp says how many fields it had; where there are more, some are left out,
// until the sum of the rest fits:
//
//   1. those that were found before        2. names that are known of routers
//   3. the first and the last ones         4. every choice of so many, where those are few
//
// A choice that fits by chance is one in 2^32.
//
// Bounds: kTriesMax sums for one event in steps 2 and 4 each; and after some hundred events in a
// row for which nothing was found only step 1 is taken, so that a router that changes every event
// does not slow its verifier down.
//
// Threads: one.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "router/bench/content_sum.hpp"
#include "router/bench/stamp.hpp"

namespace weir::bench {

class AddedFields {
 public:
  static constexpr std::size_t kTriesMax = 10'000;

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
  int fruitless_ = 0;
};

}  // namespace weir::bench
