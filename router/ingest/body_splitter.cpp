#include "router/ingest/body_splitter.hpp"

#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/trim.hpp>

namespace weir {
namespace {

/// "application/json; charset=utf-8", in any case.
bool is_json(std::string_view content_type) {
  const std::string_view media_type = content_type.substr(0, content_type.find(';'));
  return boost::algorithm::iequals(boost::algorithm::trim_copy(std::string(media_type)),
                                   "application/json");
}

bool begins_array(std::string_view body) {
  const std::size_t begin = skip_json_space(body, 0);
  return begin < body.size() && body[begin] == '[';
}

}  // namespace

BodyForm form_of(std::string_view content_type, std::string_view body, JsonFault& fault) {
  if (!is_json(content_type)) return BodyForm::Lines;
  if (begins_array(body)) {
    fault = check_json_array(body);
    return BodyForm::Array;
  }
  const std::size_t begin = skip_json_space(body, 0);
  if (begin == body.size()) {
    fault = {begin, "no value"};
  } else if (body[begin] != '{') {
    fault = {begin, "neither an object nor an array"};
  }
  if (fault) return BodyForm::Value;
  const std::size_t end = skip_json_value(body, begin, fault);
  if (fault) return BodyForm::Value;
  const std::size_t next = skip_json_space(body, end);
  if (next == body.size()) return BodyForm::Value;
  const std::string_view first = body.substr(begin, end - begin);
  const std::string_view between = body.substr(end, next - end);
  if (first.find('\n') == std::string_view::npos && between.find('\n') != std::string_view::npos) {
    return BodyForm::Lines;
  }
  fault = {next, "something behind the object; several are sent as lines, or in an array"};
  return BodyForm::Value;
}

BodySplitter::BodySplitter(BodyForm form, std::string_view body, const SizeLimit& limit)
    : form_(form),
      rest_(body),
      array_(form == BodyForm::Array ? body : std::string_view("[]")),
      limit_(limit) {}

std::string_view BodySplitter::next_line() {
  while (!rest_.empty()) {
    const std::size_t newline = rest_.find('\n');
    std::string_view line = rest_.substr(0, newline);
    rest_.remove_prefix(newline == std::string_view::npos ? rest_.size() : newline + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) return line;
  }
  return {};
}

std::string_view BodySplitter::next_event() {
  switch (form_) {
    case BodyForm::Lines:
      return next_line();
    case BodyForm::Array:
      return array_.next();
    case BodyForm::Value: {
      const std::size_t begin = skip_json_space(rest_, 0);
      JsonFault none;
      const std::size_t end = begin < rest_.size() ? skip_json_value(rest_, begin, none) : begin;
      const std::string_view value = rest_.substr(begin, end - begin);
      rest_ = {};
      return value;
    }
  }
  return {};
}

bool BodySplitter::next(std::size_t bytes_max, std::size_t frames_max, std::vector<Frame>& frames,
                        ReasonCounts& lost) {
  const std::size_t frames_before = frames.size();
  std::size_t bytes = 0;
  while (bytes < bytes_max && frames.size() - frames_before < frames_max) {
    const std::string_view event = next_event();
    if (event.empty()) return frames.size() > frames_before;
    if (form_ == BodyForm::Array && event.front() != '{') {
      ++lost[Reason::Framing];
      refuse("not an object");
    } else {
      const std::uint64_t oversize = lost[Reason::Oversize];
      limit_.emit(event, false, frames, lost);
      if (lost[Reason::Oversize] != oversize) refuse("oversize");
    }
    bytes += event.size();
    ++index_;
  }
  return true;
}

void BodySplitter::refuse(std::string_view why) {
  ++refused_count_;
  if (refused_.size() < kRefusedMax) refused_.push_back({index_, why});
}

}  // namespace weir
