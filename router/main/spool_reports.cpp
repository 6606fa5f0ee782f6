#include "router/main/spool_reports.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <array>
#include <boost/json.hpp>
#include <ostream>

#include "router/base/rfc3339.hpp"
#include "router/telemetry/printable.hpp"

namespace weir {
namespace {

std::string time_text(std::int64_t time_ns) {
  if (time_ns == 0) return "-";
  std::array<char, kRfc3339BytesMax> room;
  return std::string(write_rfc3339(time_ns / 1'000'000'000 * 1'000'000'000, room));
}

std::string state_text(const FoundSpool& spool) {
  const pid_t owner = spool_owner(spool.path);
  return owner == 0 ? "at rest" : fmt::format("in use by {}", owner);
}

std::string verdict(const SegmentSurvey& segment) {
  if (segment.unread) return fmt::format("UNREADABLE: {}", segment.unread.message());
  if (segment.gone) return fmt::format("GONE, {} events lost", segment.lost_events);
  if (segment.unwritten && segment.lost_events == 0) return "whole, begun and not written yet";
  std::string text = segment.is_damaged() ? "DAMAGED" : "whole";
  if (!segment.header) text += ", no header";
  if (segment.damaged_frames != 0) {
    text += fmt::format(", {} damaged frames", segment.damaged_frames);
  }
  if (segment.lost_events != 0) text += fmt::format(", {} events lost", segment.lost_events);
  if (segment.strange_bytes != 0) text += fmt::format(", {} strange bytes", segment.strange_bytes);
  if (segment.torn_tail && segment.lost_events == 0) {
    text += ", ends in an unfinished frame, which was promised to nobody";
  }
  return text;
}

}  // namespace

void list_as_text(const std::vector<FoundSpool>& spools, const std::vector<SpoolSurvey>& surveys,
                  std::ostream& out) {
  fmt::print(out, "{:<20} {:<16} {:<8} {:>8} {:>14} {:>12} {:>12}  {:<20}  {}\n", "SINK", "STATE",
             "HEALTH", "SEGMENTS", "BYTES", "WAITING", "KEPT", "OLDEST", "NEWEST");
  for (std::size_t i = 0; i < spools.size(); ++i) {
    const SpoolSurvey& survey = surveys[i];
    fmt::print(out, "{:<20} {:<16} {:<8} {:>8} {:>14} {:>12} {:>12}  {:<20}  {}\n",
               printable(spools[i].sink), state_text(spools[i]),
               survey.is_damaged() ? "DAMAGED" : "whole", survey.segments.size(), survey.bytes,
               survey.waiting_events, survey.kept_events, time_text(survey.oldest_ns),
               time_text(survey.newest_ns));
  }
  for (std::size_t i = 0; i < spools.size(); ++i) {
    if (!surveys[i].is_damaged()) continue;
    fmt::print(out, "{} is damaged: `weir spool check {}` says what and where\n",
               printable(spools[i].sink), printable(spools[i].path));
  }
}

void list_as_json(const FoundSpool& spool, const SpoolSurvey& survey, std::ostream& out) {
  boost::json::object object{{"sink", spool.sink},
                             {"path", spool.path},
                             {"owner_pid", spool_owner(spool.path)},
                             {"segments", survey.segments.size()},
                             {"bytes", survey.bytes},
                             {"waiting_events", survey.waiting_events},
                             {"kept_events", survey.kept_events},
                             {"damaged", survey.is_damaged()},
                             {"oldest", nullptr},
                             {"newest", nullptr}};
  if (survey.oldest_ns != 0) {
    object["oldest"] = time_text(survey.oldest_ns);
    object["newest"] = time_text(survey.newest_ns);
  }
  out << boost::json::serialize(object) << '\n';
}

void print_check(const FoundSpool& spool, const SpoolSurvey& survey, std::ostream& out) {
  const std::string name = printable(spool.sink);
  for (const SegmentSurvey& segment : survey.segments) {
    fmt::print(out, "{}/{}: {} frames, {} events: {}\n", name,
               SpoolDirectory::name_of(segment.number), segment.frames, segment.events,
               verdict(segment));
  }
  for (const std::string& note : survey.notes) fmt::print(out, "{}: {}\n", name, printable(note));
  fmt::print(out, "{}: {}\n", name, survey.is_damaged() ? "damaged" : "whole");
}

void print_repair(const FoundSpool& spool, const SpoolRepair& repair, std::ostream& out) {
  const std::string name = printable(spool.sink);
  const auto kept = [](const std::string& original) {
    return original.empty() ? "" : "; the damaged file is " + original;
  };
  for (const RepairedSegment& each : repair.segments) {
    const std::string file = SpoolDirectory::name_of(each.before.number);
    if (!each.refusal.empty()) {
      fmt::print(out, "{}/{}: left as it is: {}\n", name, file, printable(each.refusal));
      continue;
    }
    fmt::print(out, "{}/{}: {} events saved, {} lost{}\n", name, file, each.before.events,
               each.before.lost_events, kept(each.original));
  }
  if (!repair.cursor_refusal.empty()) {
    fmt::print(out, "{}/cursor: left as it is: {}\n", name, printable(repair.cursor_refusal));
  } else if (repair.cursor_repaired) {
    fmt::print(out, "{}/cursor: written anew; all that is there will be delivered again{}\n", name,
               kept(repair.cursor_original));
  } else if (repair.segments.empty()) {
    fmt::print(out, "{}: nothing to repair\n", name);
  }
}

}  // namespace weir
