#include "config/scalar_place.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace weir {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t skip_blanks(std::string_view raw, std::size_t at) noexcept {
  while (at < raw.size() && is_blank(raw[at])) ++at;
  return at;
}

enum class Style { Plain, Single, Double, Block };

/// Behind an anchor and the opening quote or the `|` line.
std::size_t begin_of_content(std::string_view raw, std::size_t at, Style& style) noexcept {
  while (at < raw.size() && raw[at] == '&') {
    while (at < raw.size() && !is_blank(raw[at])) ++at;
    at = skip_blanks(raw, at);
  }
  if (at >= raw.size()) return raw.size();
  style = raw[at] == '"'                     ? Style::Double
          : raw[at] == '\''                  ? Style::Single
          : raw[at] == '|' || raw[at] == '>' ? Style::Block
                                             : Style::Plain;
  if (style == Style::Plain) return at;
  if (style != Style::Block) return at + 1;
  return skip_blanks(raw, std::min(raw.find('\n', at), raw.size()));
}

/// Bytes of an escape that begins with the backslash at `at`.
std::size_t escape_size(std::string_view raw, std::size_t at) noexcept {
  const char kind = at + 1 < raw.size() ? raw[at + 1] : '\0';
  const std::size_t size = kind == 'x' ? 4 : kind == 'u' ? 6 : kind == 'U' ? 10 : 2;
  return std::min(size, raw.size() - at);
}

/// Walks value and source side by side.
class Walk {
 public:
  Walk(const SourceText& source, std::string_view value, std::size_t at, Style style)
      : source_(source), raw_(source.text()), value_(value), at_(at), style_(style) {}

  LocationSteps run() {
    while (next_ < value_.size() && step()) {
    }
    return std::move(steps_);
  }

 private:
  bool step() {
    skip_line_continuations();
    if (at_ >= raw_.size()) return false;
    if (is_blank(value_[next_]) && is_blank(raw_[at_])) {
      mark();
      while (next_ < value_.size() && is_blank(value_[next_])) ++next_;
      const std::size_t end = skip_blanks(raw_, at_);
      at_ = end;
      return true;
    }
    if (style_ == Style::Double && raw_[at_] == '\\') {
      mark();
      at_ += escape_size(raw_, at_);
      ++next_;
      // An escape may stand for several bytes of UTF-8.
      while (next_ < value_.size() &&
             (static_cast<unsigned char>(value_[next_]) & 0xC0U) == 0x80U) {
        ++next_;
      }
      return true;
    }
    if (value_[next_] != raw_[at_]) return false;
    mark();
    at_ += style_ == Style::Single && raw_[at_] == '\'' ? 2 : 1;
    ++next_;
    return true;
  }

  /// `\` at the end of a line in double quotes: the value goes on behind the next indentation.
  void skip_line_continuations() {
    while (style_ == Style::Double && at_ + 1 < raw_.size() && raw_[at_] == '\\' &&
           (raw_[at_ + 1] == '\n' || raw_[at_ + 1] == '\r')) {
      at_ = skip_blanks(raw_, at_ + 1);
    }
  }

  /// Notes the present place, unless it follows from the last one.
  void mark() {
    if (!steps_.steps.empty() && at_ - last_at_ == next_ - last_next_ && at_ < line_end_) return;
    const Location where = source_.locate_offset(at_);
    steps_.steps.push_back({next_, where.line, where.column, false});
    steps_.line_texts.try_emplace(where.line, where.line_text);
    last_at_ = at_;
    last_next_ = next_;
    line_end_ = std::min(raw_.find('\n', at_), raw_.size());
  }

  const SourceText& source_;
  std::string_view raw_;
  std::string_view value_;
  std::size_t at_;        // In raw_.
  std::size_t next_ = 0;  // In value_.
  Style style_;
  LocationSteps steps_;
  std::size_t last_at_ = 0;
  std::size_t last_next_ = 0;
  std::size_t line_end_ = 0;
};

}  // namespace

PlacedText place_scalar(const SourceText& source, std::size_t line, std::size_t column,
                        const std::string& value) {
  if (!source.is_file()) return {.text = value, .where = source.locate(1, 1)};
  const std::string_view raw = source.text();
  Style style = Style::Plain;
  const std::size_t begin = begin_of_content(raw, source.offset_of(line, column), style);
  PlacedText placed{.text = value, .where = source.locate_offset(begin)};
  const bool in_one_piece =
      raw.substr(begin, value.size()) == value && value.find_first_of("\n\\") == std::string::npos;
  if (in_one_piece) return placed;
  auto steps = std::make_shared<LocationSteps>(Walk(source, value, begin, style).run());
  if (!steps->steps.empty()) placed.where.steps = std::move(steps);
  return placed;
}

bool is_closed_scalar(const SourceText& source, std::size_t line, std::size_t column) {
  const std::string_view raw = source.text();
  Style style = Style::Plain;
  std::size_t at = begin_of_content(raw, source.offset_of(line, column), style);
  if (style != Style::Single && style != Style::Double) return true;
  while (at < raw.size()) {
    const bool doubled = style == Style::Single && raw.substr(at, 2) == "''";
    const bool escaped = style == Style::Double && raw[at] == '\\';
    if (!doubled && !escaped && raw[at] == (style == Style::Single ? '\'' : '"')) return true;
    at += doubled || escaped ? 2 : 1;
  }
  return false;
}

}  // namespace weir
