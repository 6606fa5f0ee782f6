#include "router/bench/verify/line_judge.hpp"

#include <algorithm>

namespace weir::bench {
namespace {

/// The text kind's stamp and the text behind it, which is all there is to it: what stands before
/// and after does not matter.
Judgement judge_text(std::string_view from_stamp, const std::optional<FoundStamp>& found,
                     std::optional<std::uint64_t>& content_sum) {
  if (from_stamp.size() < kStampBytes) return Judgement::Torn;
  if (!found) return Judgement::Corrupted;
  const std::string_view behind = from_stamp.substr(kStampBytes);
  if (behind.size() < std::size_t{1} + found->stamp.extent) return Judgement::Torn;
  const std::uint64_t sum = text_sum(behind.substr(1, found->stamp.extent));
  if (behind.front() != ' ' || !found->fits(sum)) return Judgement::Corrupted;
  content_sum = sum;
  return Judgement::Intact;
}

bool is_text_kind(std::string_view from_stamp) noexcept {
  const std::size_t at = kStampMagic.size();
  return at < from_stamp.size() && from_stamp[at] == static_cast<char>(StampKind::Text);
}

/// Whether the line looks as if it had its end.
bool ends_in_brace(std::string_view line) noexcept {
  const std::size_t last = line.find_last_not_of(std::string_view(" \t,]\0", 5));
  return last != kNowhere && line[last] == '}';
}

/// The index of the field that is the stamp of a JSON event, be it damaged or under another name;
/// kNowhere where none is.
std::size_t stamp_field(const std::vector<JsonContent::Field>& fields) noexcept {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string_view text = fields[i].text;
    if (text.size() < kStampMagic.size() || is_text_kind(text)) continue;
    const bool is_stamp = text.size() == kStampBytes || fields[i].name == kStampKey;
    if (is_stamp && text.starts_with(kStampMagic)) return i;
  }
  return kNowhere;
}

}  // namespace

const std::vector<Finding>& LineJudge::judge(std::string_view line, bool whole) {
  findings_.clear();
  if (whole) {
    if (!judge_known(line)) judge_part(line, 0);
  } else {
    all_torn(line);
  }
  if (findings_.empty()) add(Judgement::Foreign, std::nullopt);
  return findings_;
}

/// Judges a line by what is known of its like. What is seen for the first time is judged in full,
/// and known from then on. False where it is not for this way.
bool LineJudge::judge_known(std::string_view line) {
  const std::size_t at = find_magic(line, 0);
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
  return true;
}

// NOLINTNEXTLINE(misc-no-recursion): kDepthMax at most.
void LineJudge::judge_part(std::string_view part, std::size_t depth) {
  const std::size_t first = find_magic(part, 0);
  if (first == kNowhere) return;
  if (find_magic(part, first + kStampMagic.size()) == kNowhere) {
    judge_one(part, first, depth);
    return;
  }
  const std::size_t before = findings_.size();
  if (judge_several(part, depth)) return;
  findings_.resize(before);
  all_torn(part);
}

// NOLINTNEXTLINE(misc-no-recursion): kDepthMax at most.
void LineJudge::judge_one(std::string_view part, std::size_t stamp_at, std::size_t depth) {
  const std::string_view from_stamp = part.substr(stamp_at);
  const bool is_text = is_text_kind(from_stamp);
  const std::optional<FoundStamp> found = is_text ? read_stamp(from_stamp) : std::nullopt;
  const Judgement as_text = is_text ? judge_text(from_stamp, found, content_sum_) : Judgement::Torn;
  if (as_text == Judgement::Intact || depth == kDepthMax) return add(as_text, found);

  // What most lines are: nothing but an object, or one behind a header.
  const std::size_t brace = part.find('{');
  if (brace >= stamp_at) return add(as_text, read_stamp(from_stamp));
  if (contents_[depth].parse(part.substr(brace)) && judge_object(depth, true)) return;

  std::vector<Enclosure>& enclosures = enclosures_[depth];
  find_enclosures(part, enclosures);
  const Enclosure& around = enclosures.front();
  Judgement judgement = as_text;
  if (around.is_complete()) {
    const std::string_view object = part.substr(around.begin, around.end - around.begin);
    if (contents_[depth].parse(object) && judge_object(depth, true)) return;
    if (judge_behind(part, around, depth)) return;
    judgement = Judgement::Corrupted;
  } else if (around.begin != kNowhere) {
    judgement = ends_in_brace(part) ? Judgement::Corrupted : Judgement::Torn;
  }
  add(judgement, read_stamp(from_stamp));
}

/// The quotes of a line's half that stands before an event can make the two look like one object.
/// True where there was a whole one.
// NOLINTNEXTLINE(misc-no-recursion): kDepthMax at most.
bool LineJudge::judge_behind(std::string_view part, const Enclosure& around, std::size_t depth) {
  std::size_t start = find_start(part, around.begin + 1);
  for (int tried = 0; start < around.stamp && tried != kStartsTriedMax; ++tried) {
    if (contents_[depth].parse(part.substr(start)) && judge_object(depth, true)) return true;
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

  for (auto first = enclosures.begin(); first != enclosures.end();) {
    const auto is_elsewhere = [&](const Enclosure& e) { return e.begin != first->begin; };
    const auto last = std::find_if(first, enclosures.end(), is_elsewhere);
    // A router may keep what it parsed beside what it made of it.
    const std::string_view stamp = part.substr(first->stamp, kStampBytes);
    const bool are_copies = std::all_of(first, last, [&](const Enclosure& e) {
      return part.substr(e.stamp, kStampBytes) == stamp;
    });
    const std::string_view object = part.substr(first->begin, first->end - first->begin);
    if (!contents_[depth].parse(object)) {
      if (!are_copies) return false;
      add(Judgement::Corrupted, read_stamp(stamp));
    } else if (!judge_object(depth, are_copies)) {
      return false;
    }
    first = last;
  }
  return true;
}

/// Judges the object that was parsed at `depth`. `are_copies`: all stamps in it are the same, so it
/// is one event. False where none of its own fields has a stamp, or too many have.
// NOLINTNEXTLINE(misc-no-recursion): kDepthMax at most.
bool LineJudge::judge_object(std::size_t depth, bool are_copies) {
  const std::vector<JsonContent::Field>& fields = contents_[depth].fields();
  const std::size_t stamp_at = stamp_field(fields);
  if (stamp_at != kNowhere) {
    if (are_copies) judge_fields(fields, stamp_at);
    return are_copies;
  }
  const std::size_t before = findings_.size();
  for (const JsonContent::Field& field : fields) {
    judge_part(field.text, depth + 1);
    if (are_copies && findings_.size() != before) break;
  }
  return findings_.size() != before;
}

void LineJudge::judge_fields(const std::vector<JsonContent::Field>& fields, std::size_t stamp_at) {
  const JsonContent::Field& field = fields[stamp_at];
  const std::optional<FoundStamp> found = read_stamp(field.text);
  const std::optional<std::uint64_t> sum =
      found && field.text.size() == kStampBytes && field.name == kStampKey
          ? added_fields_.fitting_sum(*found, fields, stamp_at)
          : std::nullopt;
  if (sum) content_sum_ = sum;
  const bool is_intact = sum.has_value();
  add(is_intact ? Judgement::Intact : Judgement::Corrupted, found);
}

void LineJudge::all_torn(std::string_view part) {
  for (std::size_t at = find_magic(part, 0); at != kNowhere;
       at = find_magic(part, at + kStampMagic.size())) {
    add(Judgement::Torn, read_stamp(part.substr(at)));
  }
}

void LineJudge::add(Judgement judgement, const std::optional<FoundStamp>& found) {
  Finding finding{.judgement = judgement};
  if (found) {
    finding.stamp = found->stamp;
    if (!run_ && judgement == Judgement::Intact) run_ = found->stamp.run;
    if (run_ && found->stamp.run != *run_) finding.judgement = Judgement::Foreign;
  }
  findings_.push_back(finding);
}

}  // namespace weir::bench
