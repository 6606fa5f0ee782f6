#include "router/bench/verify/line_judge.hpp"

#include <algorithm>

namespace weir::bench {
namespace {

constexpr std::size_t kTextAt = kStampBytes + 1;

bool is_text_kind(std::string_view from_stamp) noexcept {
  const std::size_t at = kStampMagic.size();
  return at < from_stamp.size() && from_stamp[at] == static_cast<char>(StampKind::Text);
}

/// Whether what stands behind a text is more of some text. A router that writes something behind
/// begins with a quote, a bracket, a comma or a tab.
bool is_more_text(std::string_view behind) noexcept {
  const std::size_t at = behind.find_first_not_of(' ');
  if (at == kNowhere) return false;
  const auto c = static_cast<unsigned char>(behind[at]);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
}

/// The index of the field that is the stamp of a JSON event, be it damaged or under another name;
/// kNowhere where none is.
std::size_t stamp_field(const std::vector<JsonContent::Field>& fields) noexcept {
  std::size_t other_name = kNowhere;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string_view text = fields[i].text;
    const bool is_long = text.size() == kStampBytes;
    const bool has_magic = text.starts_with(kStampMagic);
    if (has_magic && is_text_kind(text)) continue;
    if (fields[i].name == kStampKey && (is_long || has_magic)) return i;
    if (other_name == kNowhere && is_long && has_magic) other_name = i;
  }
  return other_name;
}

/// Whether a JSON event whose stamp is behind this has lost its beginning.
bool is_without_begin(std::string_view before_stamp) noexcept {
  return !opens_object(before_stamp) && !before_stamp.ends_with(R"({"bench":")");
}

bool has_one_key(const std::vector<JsonContent::Field>& fields) noexcept {
  return std::count_if(fields.begin(), fields.end(),
                       [](const auto& field) { return field.name == kStampKey; }) == 1;
}

}  // namespace

const std::vector<Finding>& LineJudge::judge(std::string_view line, bool whole) {
  findings_.clear();
  if (!whole) {
    all_torn(line);
    if (findings_.empty()) add(Judgement::Foreign, std::nullopt);
  } else if (!judge_known(line)) {
    judge_part(line, 0);
    if (findings_.empty()) judge_stampless(line);
  }
  return findings_;
}

/// Judges a line by what is known of its like. What is seen for the first time is judged in full,
/// and known from then on. False where it is not for this way.
bool LineJudge::judge_known(std::string_view line) {
  const std::size_t at = find_stamp(line, 0);
  if (at == kNowhere || line.size() - at < kStampBytes) return false;
  const std::uint64_t hash = KnownContents::hash(line, at);
  if (const auto known = known_.find(hash)) {
    const std::optional<FoundStamp> found = read_stamp(line.substr(at));
    if (!found || !found->fits(*known)) return false;
    add(Judgement::Intact, found);
    return true;
  }
  content_sum_.reset();
  judge_part(line, 0);
  const bool is_one = findings_.size() == 1 && findings_[0].judgement == Judgement::Intact;
  if (is_one && content_sum_) known_.add(hash, *content_sum_);
  return !findings_.empty();
}

/// Without a stamp it is none of ours, unless it is seen to be a part of one of ours.
void LineJudge::judge_stampless(std::string_view line) {
  // A stamp may be written in escapes, as all other text may.
  const std::size_t brace = line.find('{');
  const bool is_escaped = brace != kNowhere && line.find("\\u00", brace) != kNowhere;
  if (is_escaped && contents_[0].parse(line.substr(brace)) && judge_object(0, true)) return;
  if (has_damaged_stamp(line)) return add(Judgement::Corrupted, std::nullopt);
  if (begins_in_stamp(line)) return add(Judgement::Torn, std::nullopt, true);
  const Shape shape = shape_of(line);
  const bool is_whole = shape == Shape::Whole;
  add(is_whole ? Judgement::Foreign : Judgement::Torn, std::nullopt, shape == Shape::Tail);
}

// NOLINTNEXTLINE(misc-no-recursion): kDepthMax at most.
void LineJudge::judge_part(std::string_view part, std::size_t depth) {
  const std::size_t first = find_stamp(part, 0);
  if (first == kNowhere) return;
  const std::string_view from_stamp = part.substr(first);
  std::optional<FoundStamp> found;
  if (is_text_kind(from_stamp) && judge_text(from_stamp, found) == Judgement::Intact) {
    const std::string_view behind = from_stamp.substr(kTextAt + found->stamp.extent);
    if (find_stamp(behind, 0) == kNowhere) {
      add(Judgement::Intact, found);
      if (is_more_text(behind)) all_glued(findings_.size() - 1, Shape::Tail);
      return;
    }
  }
  if (find_stamp(part, end_of_text(part, first)) == kNowhere) {
    judge_one(part, first, depth);
    return;
  }
  const std::size_t before = findings_.size();
  if (judge_several(part, depth)) return;
  findings_.resize(before);
  all_torn(part);
}

/// The text kind's stamp and the text behind it, which is all there is to it: what stands before
/// and after does not matter.
Judgement LineJudge::judge_text(std::string_view from_stamp, std::optional<FoundStamp>& found) {
  if (from_stamp.size() < kStampBytes) return Judgement::Torn;
  found = read_stamp(from_stamp);
  if (!found) return Judgement::Corrupted;
  const std::string_view behind = from_stamp.substr(kStampBytes);
  if (behind.size() < std::size_t{1} + found->stamp.extent) return Judgement::Torn;
  const std::uint64_t sum = text_sum(behind.substr(1, found->stamp.extent));
  if (behind.front() == ' ' && found->fits(sum)) {
    content_sum_ = sum;
    return Judgement::Intact;
  }
  if (const auto ours = as_of_this_run(*found, sum)) found = ours;
  return Judgement::Corrupted;
}

// NOLINTNEXTLINE(misc-no-recursion): kDepthMax at most.
void LineJudge::judge_one(std::string_view part, std::size_t stamp_at, std::size_t depth) {
  const std::string_view from_stamp = part.substr(stamp_at);
  std::optional<FoundStamp> found;
  const bool is_text = is_text_kind(from_stamp);
  const Judgement as_text = is_text ? judge_text(from_stamp, found) : Judgement::Torn;
  if (!is_text) found = read_stamp(from_stamp);

  // What most lines are: nothing but an object, or one behind a header.
  const std::size_t brace = part.find('{');
  if (depth == kDepthMax || brace >= stamp_at) return add_broken(as_text, found, part, stamp_at);
  if (contents_[depth].parse(part.substr(brace)) && judge_object(depth, true)) return;

  std::vector<Enclosure>& enclosures = enclosures_[depth];
  find_enclosures(part, enclosures);
  const Enclosure& around = enclosures.front();
  Judgement judgement = as_text;
  if (around.is_complete()) {
    const std::size_t before = findings_.size();
    const std::string_view object = part.substr(around.begin, around.end - around.begin);
    if (contents_[depth].parse(object) && judge_object(depth, true)) {
      std::string rest(part.substr(0, around.begin));
      return judge_around(rest.append(part.substr(around.end)), before);
    }
    if (judge_behind(part, around, depth)) return;
    judgement = Judgement::Corrupted;
  } else if (around.begin != kNowhere) {
    judgement = ends_in_brace(part) ? Judgement::Corrupted : Judgement::Torn;
  }
  add_broken(judgement, found, part, stamp_at);
}

void LineJudge::add_broken(Judgement judgement, const std::optional<FoundStamp>& found,
                           std::string_view part, std::size_t stamp_at) {
  const bool is_rest = judgement == Judgement::Torn && !is_text_kind(part.substr(stamp_at)) &&
                       is_without_begin(part.substr(0, stamp_at));
  add(judgement, found, is_rest);
}

/// The quotes of a line's half that stands before an event can make the two look like one object.
/// True where there was a whole one.
// NOLINTNEXTLINE(misc-no-recursion): kDepthMax at most.
bool LineJudge::judge_behind(std::string_view part, const Enclosure& around, std::size_t depth) {
  const std::size_t before = findings_.size();
  std::size_t start = find_start(part, around.begin + 1);
  for (int tried = 0; start < around.stamp && tried != kStartsTriedMax; ++tried) {
    if (contents_[depth].parse(part.substr(start)) && judge_object(depth, true)) {
      judge_around(part.substr(0, start), before);
      return true;
    }
    start = find_start(part, start + 1);
  }
  return false;
}

/// False where they are no batch: not each is in an object of its own.
// NOLINTNEXTLINE(misc-no-recursion): kDepthMax at most.
bool LineJudge::judge_several(std::string_view part, std::size_t depth) {
  if (depth == kDepthMax) return false;
  std::vector<Enclosure>& enclosures = enclosures_[depth];
  find_enclosures(part, enclosures);
  const auto is_complete = [](const Enclosure& enclosure) { return enclosure.is_complete(); };
  if (!std::all_of(enclosures.begin(), enclosures.end(), is_complete)) return false;
  // An object before those in it: whether it is an event decides what they are.
  std::stable_sort(enclosures.begin(), enclosures.end(),
                   [](const Enclosure& a, const Enclosure& b) { return a.begin < b.begin; });

  const std::size_t before = findings_.size();
  std::string rest;
  Enclosure outer{.begin = 0, .end = 0};
  std::size_t outer_finding = 0;
  bool is_event = false;  // The outer one: what is in it is its content, or a copy of it.
  for (auto first = enclosures.begin(); first != enclosures.end();) {
    const auto is_elsewhere = [&](const Enclosure& e) { return e.begin != first->begin; };
    const auto last = std::find_if(first, enclosures.end(), is_elsewhere);
    const Enclosures group(first, last);
    const std::size_t from = findings_.size();
    const bool is_inner = first->begin < outer.end;
    first = last;
    const bool is_copy =
        part.substr(group[0].stamp, kStampBytes) == part.substr(outer.stamp, kStampBytes);
    if (is_inner && is_event && !is_copy) continue;
    if (!judge_group(part, group, depth)) return false;
    if (!is_inner) {
      rest.append(part.substr(outer.end, group[0].begin - outer.end));
      outer = group[0];
      outer_finding = from;
      is_event = stamp_field(contents_[depth].fields()) != kNowhere;
    } else if (is_copy) {
      keep_one_of(outer_finding, from);
    }
  }
  judge_around(rest.append(part.substr(outer.end)), before);
  return true;
}

/// Judges the stamps of which the innermost object is the same. False where they are no batch.
// NOLINTNEXTLINE(misc-no-recursion): kDepthMax at most.
bool LineJudge::judge_group(std::string_view part, Enclosures group, std::size_t depth) {
  const std::string_view stamp = part.substr(group[0].stamp, kStampBytes);
  const bool are_copies = std::all_of(group.begin(), group.end(), [&](const Enclosure& e) {
    return part.substr(e.stamp, kStampBytes) == stamp;
  });
  const std::string_view object = part.substr(group[0].begin, group[0].end - group[0].begin);
  if (contents_[depth].parse(object)) return judge_object(depth, are_copies);
  if (are_copies) add(Judgement::Corrupted, read_stamp(stamp));
  return are_copies;
}

/// Judges the object that was parsed at `depth`. `are_copies`: all stamps in it are the same, so it
/// is one event. False where none of its own fields has a stamp, or too many have.
// NOLINTNEXTLINE(misc-no-recursion): kDepthMax at most.
bool LineJudge::judge_object(std::size_t depth, bool are_copies) {
  const std::vector<JsonContent::Field>& fields = contents_[depth].fields();
  const std::size_t stamp_at = stamp_field(fields);
  if (stamp_at != kNowhere) return judge_fields(fields, stamp_at, are_copies);
  const std::size_t before = findings_.size();
  for (const JsonContent::Field& field : fields) {
    judge_part(field.text, depth + 1);
    if (are_copies && findings_.size() != before) break;
  }
  return findings_.size() != before;
}

bool LineJudge::judge_fields(const std::vector<JsonContent::Field>& fields, std::size_t stamp_at,
                             bool are_copies) {
  const JsonContent::Field& field = fields[stamp_at];
  std::optional<FoundStamp> found = read_stamp(field.text);
  const bool is_stamp = found && field.text.size() == kStampBytes && field.name == kStampKey;
  const auto sum = is_stamp ? added_fields_.fitting_sum(*found, fields, stamp_at) : std::nullopt;
  if (sum) {
    content_sum_ = sum;
    add(Judgement::Intact, found);
    return true;
  }
  // Others may be content of an event that was changed; or two were glued together.
  if (!are_copies && !has_one_key(fields)) return false;
  if (is_stamp && fields.size() == found->stamp.extent + std::size_t{1}) {
    std::uint64_t all = 0;
    for (const JsonContent::Field& each : fields) all += each.sum;
    if (const auto ours = as_of_this_run(*found, all - field.sum)) found = ours;
  }
  add(Judgement::Corrupted, found);
  return true;
}

/// Judges what stands around events that are as they were sent, found from `before` on. A part of
/// another makes a line that no reader can have apart.
void LineJudge::judge_around(std::string_view rest, std::size_t before) {
  const auto first = findings_.begin() + static_cast<std::ptrdiff_t>(before);
  const bool all_intact = std::all_of(first, findings_.end(), [](const Finding& finding) {
    return finding.judgement == Judgement::Intact;
  });
  const Shape shape = all_intact ? shape_of(rest) : Shape::Whole;
  if (shape != Shape::Whole) all_glued(before, shape);
}

/// The events from `before` on are in one line with a part of another.
void LineJudge::all_glued(std::size_t before, Shape part) {
  const auto first = findings_.begin() + static_cast<std::ptrdiff_t>(before);
  for (auto each = first; each != findings_.end(); ++each) {
    each->judgement = Judgement::Torn;
    each->is_whole = true;
  }
  // A rest is told before them: what it is the rest of came before them.
  const bool is_rest = part == Shape::Tail;
  findings_.insert(is_rest ? first : findings_.end(),
                   {.judgement = Judgement::Torn, .is_rest = is_rest});
}

/// What was found from `from` on are copies of the event at `copy`; the better judgement counts.
void LineJudge::keep_one_of(std::size_t copy, std::size_t from) {
  if (findings_[from].judgement == Judgement::Intact) findings_[copy] = findings_[from];
  findings_.resize(from);
}

void LineJudge::all_torn(std::string_view part) {
  for (std::size_t at = find_stamp(part, 0); at != kNowhere;
       at = find_stamp(part, end_of_text(part, at))) {
    add(Judgement::Torn, read_stamp(part.substr(at)));
  }
}

/// Where to look for the next stamp: what is in a text that is as it was sent is content.
std::size_t LineJudge::end_of_text(std::string_view part, std::size_t stamp_at) {
  const std::string_view from_stamp = part.substr(stamp_at);
  std::optional<FoundStamp> found;
  const bool is_intact =
      is_text_kind(from_stamp) && judge_text(from_stamp, found) == Judgement::Intact;
  return stamp_at + (is_intact ? kTextAt + found->stamp.extent : kStampMagic.size());
}

/// The stamp of an event that is as it was sent, but for the run in its stamp; nothing where it is
/// not.
std::optional<FoundStamp> LineJudge::as_of_this_run(const FoundStamp& found,
                                                    std::uint64_t sum) const {
  if (!run_ || found.stamp.run == *run_) return std::nullopt;
  FoundStamp ours = found;
  ours.stamp.run = *run_;
  return ours.fits(sum) ? std::optional(ours) : std::nullopt;
}

void LineJudge::add(Judgement judgement, const std::optional<FoundStamp>& found, bool is_rest) {
  Finding finding{.judgement = judgement, .is_rest = is_rest};
  if (found) {
    finding.stamp = found->stamp;
    if (!run_ && judgement == Judgement::Intact) run_ = found->stamp.run;
    if (run_ && found->stamp.run != *run_) {
      finding.judgement = Judgement::Foreign;
      finding.is_rest = false;
    }
  }
  findings_.push_back(finding);
}

}  // namespace weir::bench
