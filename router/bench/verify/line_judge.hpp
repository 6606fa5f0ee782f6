#pragma once

// LineJudge: what one line of a router's is: an event as it was sent, one that was changed, parts
// of some, or none of ours.
//
//   Intact     One stamp, and the sum of the content fits it. Also where the event stands behind a
//              header, in an object around it, as text in a string of one, or in a batch: an array,
//              or objects behind one another.
//   Corrupted  Complete in form, but stamp or content is not what was sent.
//   Torn       The line ends within the event, or begins behind its beginning. Two events that
//              are neither one's batch are torn both: no reader of lines can have them apart; and
//              so is an event with a part of another before or behind it. Without any stamp: what
//              begins as a JSON object and does not end as one, or the other way round.
//   Foreign    No stamp, or that of another run, as whole as that run sent it or not.
//
// A copy of an event within the object that it stands in is the same event: routers keep what they
// read beside what they made of it. What is in an event that is as it was sent is content, though
// it look like a stamp.
//
// The run is the one that it is told or, without, that of the first intact event.
//
// Threads: one.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "router/bench/content_sum.hpp"
#include "router/bench/stamp.hpp"
#include "router/bench/verify/added_fields.hpp"
#include "router/bench/verify/known_contents.hpp"
#include "router/bench/verify/line_shape.hpp"
#include "router/bench/verify/stamp_finder.hpp"

namespace weir::bench {

enum class Judgement { Intact, Corrupted, Torn, Foreign };

struct Finding {
  Judgement judgement = Judgement::Foreign;
  std::optional<Stamp> stamp;  ///< Where it could be read; always if intact.
  bool is_rest = false;        ///< Torn, and its beginning is missing: it may have come before.
  bool is_whole = false;       ///< Torn only by what stands in one line with it.
};

class LineJudge {
 public:
  explicit LineJudge(std::optional<std::uint16_t> run) : run_(run) {}

  /// One finding at least: one for each event. `whole`: false where the line was too long and this
  /// is its beginning. Valid until the next call.
  const std::vector<Finding>& judge(std::string_view line, bool whole = true);

  std::optional<std::uint16_t> run() const noexcept { return run_; }
  std::vector<std::string> fields_added() const { return added_fields_.names(); }

 private:
  /// So many times an event may be text within text.
  static constexpr std::size_t kDepthMax = 4;

  using Enclosures = std::span<const Enclosure>;

  bool judge_known(std::string_view line);
  void judge_part(std::string_view part, std::size_t depth);
  Judgement judge_text(std::string_view from_stamp, std::optional<FoundStamp>& found);
  void judge_one(std::string_view part, std::size_t stamp_at, std::size_t depth);
  bool judge_behind(std::string_view part, const Enclosure& around, std::size_t depth);
  bool judge_several(std::string_view part, std::size_t depth);
  bool judge_group(std::string_view part, Enclosures group, std::size_t depth);
  bool judge_object(std::size_t depth, bool are_copies);
  bool judge_fields(const std::vector<JsonContent::Field>& fields, std::size_t stamp_at,
                    bool are_copies);
  void judge_stampless(std::string_view line);
  void judge_around(std::string_view rest, std::size_t before);
  void all_glued(std::size_t before, Shape part);
  void keep_one_of(std::size_t copy, std::size_t from);
  void all_torn(std::string_view part);
  std::size_t end_of_text(std::string_view part, std::size_t stamp_at);
  std::optional<FoundStamp> as_of_this_run(const FoundStamp& found, std::uint64_t sum) const;
  void add_broken(Judgement judgement, const std::optional<FoundStamp>& found,
                  std::string_view part, std::size_t stamp_at);
  void add(Judgement judgement, const std::optional<FoundStamp>& found, bool is_rest = false);

  std::optional<std::uint16_t> run_;
  AddedFields added_fields_;
  KnownContents known_;
  std::optional<std::uint64_t> content_sum_;  // Of the intact event that was judged last.
  std::vector<Finding> findings_;
  std::array<JsonContent, kDepthMax> contents_;  // Views of an outer one outlive an inner parse().
  std::array<std::vector<Enclosure>, kDepthMax> enclosures_;
};

}  // namespace weir::bench
