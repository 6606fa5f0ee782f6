#include "router/bench/verify/stamp_finder.hpp"

#include <algorithm>
#include <array>

#include "router/bench/verify/line_shape.hpp"

namespace weir::bench {
namespace {

// Deeper than any router wraps an event; garbage goes no further.
constexpr std::size_t kDepthMax = 64;

// So many bytes of a stamp may be changed while it is still taken for one: the magic and a few.
constexpr std::size_t kChangedMax = 8;

/// Whether `text`, which begins with the magic, is a stamp.
bool is_stamp(std::string_view text) noexcept {
  if (text.size() < kStampHeadBytes) return false;
  const char kind = text[kStampMagic.size()];
  if ((kind != 'j' && kind != 't') || text[kStampMagic.size() + 1] != '-') return false;
  if (has_stamp_dashes(text) || count_unlike_stamp(text.substr(0, kStampProofBytes)) == 0) {
    return true;
  }
  const std::size_t unsure = std::min(text.size(), kStampBytes) - kStampHeadBytes;
  return 4 * count_unlike_stamp(text) <= unsure;
}

/// Whether the value that begins at `text` is a string as long as a stamp.
bool is_as_long_as_stamp(std::string_view text) noexcept {
  const std::size_t colon = text.find_first_not_of(" \t");
  if (colon == kNowhere || text[colon] != ':') return false;
  const std::size_t open = text.find_first_not_of(" \t", colon + 1);
  return open != kNowhere && text[open] == '"' &&
         text.find('"', open + 1) == open + 1 + kStampBytes;
}

/// A walk over objects, from one brace to its pair.
class Walk {
 public:
  Walk(std::string_view text, std::vector<Enclosure>& enclosures)
      : text_(text), enclosures_(enclosures) {}

  /// Behind the object that begins at `start`; kNowhere where it is not closed. Requires: behind
  /// the last one.
  std::size_t object_at(std::size_t start) {
    depth_ = 0;
    while (next_ != enclosures_.size() && enclosures_[next_].stamp < start) ++next_;
    for (std::size_t at = start; at < text_.size();) {
      const char c = text_[at];
      if (c == '"') {
        at = end_of_string(text_, at + 1);
      } else if (c == '{') {
        if (depth_ == kDepthMax) break;
        pass_stamps(at);
        opened_[depth_++] = at++;
      } else if (c == '}') {
        pass_stamps(at);
        close(++at);
        if (depth_ == 0) return at;
      } else {
        ++at;
      }
    }
    pass_stamps(text_.size());
    next_ = 0;
    return kNowhere;
  }

 private:
  /// Those between the last brace and this.
  void pass_stamps(std::size_t brace) {
    for (; next_ != enclosures_.size() && enclosures_[next_].stamp < brace; ++next_) {
      Enclosure& enclosure = enclosures_[next_];
      if (!enclosure.is_complete()) enclosure.begin = opened_[depth_ - 1];
    }
  }

  void close(std::size_t end) {
    const std::size_t begin = opened_[--depth_];
    for (std::size_t i = next_; i != 0 && enclosures_[i - 1].stamp > begin; --i) {
      Enclosure& enclosure = enclosures_[i - 1];
      if (!enclosure.is_complete() && enclosure.begin == begin) enclosure.end = end;
    }
  }

  std::string_view text_;
  std::vector<Enclosure>& enclosures_;
  std::size_t next_ = 0;  // The first stamp that was not passed.
  std::array<std::size_t, kDepthMax> opened_{};
  std::size_t depth_ = 0;
};

}  // namespace

std::size_t find_stamp(std::string_view text, std::size_t from) noexcept {
  // memchr looks at 32 bytes at a time; memmem at one. 'W' is rare in what routers carry.
  for (std::size_t at = text.find(kStampMagic.front(), from); at != kNowhere;
       at = text.find(kStampMagic.front(), at + 1)) {
    const std::string_view here = text.substr(at);
    if (here.starts_with(kStampMagic) && is_stamp(here)) return at;
  }
  return kNowhere;
}

bool has_damaged_stamp(std::string_view text) noexcept {
  for (std::size_t at = text.find('-'); at != kNowhere; at = text.find('-', at + 1)) {
    // Before and behind a stamp's run stands one.
    for (const std::size_t length : {kStampHeadBytes, kStampProofBytes}) {
      if (at + 1 < length) continue;
      const std::string_view here = text.substr(at + 1 - length);
      if (here.size() >= kStampBytes && count_unlike_stamp(here) <= kChangedMax) return true;
    }
  }
  for (std::size_t at = text.find(kStampKey); at != kNowhere; at = text.find(kStampKey, at + 1)) {
    const std::string_view behind = text.substr(at + kStampKey.size());
    const bool is_name = at != 0 && text[at - 1] == '"' && behind.starts_with('"');
    if (is_name && is_as_long_as_stamp(behind.substr(1))) return true;
  }
  return false;
}

std::size_t find_start(std::string_view text, std::size_t from) noexcept {
  for (std::size_t at = text.find('{', from); at != kNowhere; at = text.find('{', at + 1)) {
    const std::size_t next = text.find_first_not_of(" \t", at + 1);
    if (next != kNowhere && (text[next] == '"' || text[next] == '}')) return at;
  }
  return kNowhere;
}

void find_enclosures(std::string_view text, std::vector<Enclosure>& enclosures) {
  enclosures.clear();
  for (std::size_t at = find_stamp(text, 0); at != kNowhere;
       at = find_stamp(text, at + kStampMagic.size())) {
    enclosures.push_back({.stamp = at});
  }
  Walk walk(text, enclosures);
  int failed = 0;
  for (std::size_t start = find_start(text, 0); start != kNowhere && failed != kStartsTriedMax;) {
    const std::size_t end = walk.object_at(start);
    if (end == kNowhere) ++failed;
    start = find_start(text, end == kNowhere ? start + 1 : end);
  }
}

}  // namespace weir::bench
