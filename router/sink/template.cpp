#include "router/sink/template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>

#include "config/expression_scanner.hpp"

namespace weir {
namespace {

/// Of one value: with several in a path, still below the 255 bytes of a file name.
constexpr std::size_t kValueBytesMax = 128;

struct Conversion {
  char letter;
  std::int64_t granularity_s;
};

// A month or year is no fixed number of seconds; a day is, and a month changes only at a day's end.
constexpr std::array<Conversion, 6> kConversions = {
    {{'Y', 86400}, {'m', 86400}, {'d', 86400}, {'H', 3600}, {'M', 60}, {'S', 1}}};

const Conversion* conversion_of(char letter) noexcept {
  const auto* found =
      std::find_if(kConversions.begin(), kConversions.end(),
                   [letter](const Conversion& conversion) { return conversion.letter == letter; });
  return found == kConversions.end() ? nullptr : found;
}

bool is_safe(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

/// Appends `value` as it may stand in a path.
void append_safe(const Value& value, std::string& out) {
  const std::size_t begin = out.size();
  const bool is_text = value.type() == ValueType::String || value.type() == ValueType::Json;
  if (is_text) {
    out.append(value.text().substr(0, kValueBytesMax));
  } else {
    value.append_to(out);
  }
  if (out.size() == begin) out += '_';
  if (out.size() - begin > kValueBytesMax) out.resize(begin + kValueBytesMax);
  const bool is_dots =
      std::string_view(out).substr(begin).find_first_not_of('.') == std::string_view::npos &&
      out.size() - begin <= 2;
  for (std::size_t i = begin; i < out.size(); ++i) {
    if (is_dots || !is_safe(out[i])) out[i] = '_';
  }
}

/// A moment in UTC, taken apart.
struct Calendar {
  explicit Calendar(std::int64_t time_ns) noexcept {
    using namespace std::chrono;
    const sys_time<nanoseconds> time{nanoseconds(time_ns)};
    const sys_days day = floor<days>(time);
    date = year_month_day(day);
    clock = hh_mm_ss(floor<seconds>(time - day));
  }

  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::seconds> clock;
};

void append_padded(std::int64_t number, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{:02}", number);
}

void append_time(char conversion, const Calendar& calendar, std::string& out) {
  switch (conversion) {
    case 'Y':
      fmt::format_to(std::back_inserter(out), "{:04}", static_cast<int>(calendar.date.year()));
      break;
    case 'm':
      append_padded(static_cast<unsigned>(calendar.date.month()), out);
      break;
    case 'd':
      append_padded(static_cast<unsigned>(calendar.date.day()), out);
      break;
    case 'H':
      append_padded(calendar.clock.hours().count(), out);
      break;
    case 'M':
      append_padded(calendar.clock.minutes().count(), out);
      break;
    case 'S':
      append_padded(calendar.clock.seconds().count(), out);
      break;
    default:
      break;
  }
}

/// The expression behind the `{` at `open`.
struct Placeholder {
  std::string_view expression;  // Without blanks around it.
  std::size_t begin;            // Where it stands.
  std::size_t end;              // Behind the `}`.
};

}  // namespace

// Reads a template's text from left to right into its parts.
class TemplateReader {
 public:
  TemplateReader(std::string_view text, const Settings& settings, std::string_view option,
                 SinkContext& context)
      : text_(text), settings_(settings), option_(option), context_(context) {}

  Template read() {
    while (position_ < text_.size()) {
      const char c = text_[position_];
      const char after = position_ + 1 < text_.size() ? text_[position_ + 1] : '\0';
      if ((c == '{' || c == '}') && after == c) {
        add_literal(c, 2);
      } else if (c == '{') {
        add_column();
      } else if (c == '}') {
        throw error("`}` closes nothing", "write `}}` for a brace", position_);
      } else if (c == '%') {
        add_time(after);
      } else {
        add_literal(c, 1);
      }
    }
    return std::move(template_);
  }

 private:
  using Part = Template::Part;

  ConfigError error(const std::string& message, const std::string& hint, std::size_t at) const {
    return settings_.error(option_, message, hint, at);
  }

  void add_literal(char c, std::size_t length) {
    std::vector<Part>& parts = template_.parts_;
    if (parts.empty() || parts.back().kind != Part::Kind::Literal) {
      parts.push_back({.kind = Part::Kind::Literal, .literal = {}});
    }
    parts.back().literal += c;
    position_ += length;
  }

  void add_time(char letter) {
    if (letter == '%') return add_literal('%', 2);
    const Conversion* conversion = conversion_of(letter);
    if (conversion == nullptr) {
      throw error(letter == '\0' ? "`%` stands at the end"
                                 : "unknown time conversion " + shown_conversion(),
                  "there are %Y %m %d %H %M %S; write `%%` for a percent sign", position_);
    }
    std::int64_t& granularity = template_.time_granularity_s_;
    granularity = granularity == 0 ? conversion->granularity_s
                                   : std::min(granularity, conversion->granularity_s);
    template_.parts_.push_back({.kind = Part::Kind::Time, .literal = std::string(1, letter)});
    position_ += 2;
  }

  /// The `%` with the whole character behind it.
  std::string shown_conversion() const {
    std::size_t end = position_ + 2;
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0U) == 0x80U) ++end;
    return fmt::format("`{}`", text_.substr(position_, end - position_));
  }

  void add_column() {
    const Placeholder placeholder = read_placeholder();
    const std::size_t column =
        context_.column(placeholder.expression, settings_, option_, placeholder.begin);
    std::vector<std::size_t>& columns = template_.columns_;
    if (std::find(columns.begin(), columns.end(), column) == columns.end()) {
      columns.push_back(column);
    }
    template_.parts_.push_back({.kind = Part::Kind::Column, .literal = {}, .column = column});
    position_ = placeholder.end;
  }

  /// A `}` inside of a string literal, as in `{labels["a}"]}`, closes nothing.
  Placeholder read_placeholder() const {
    std::size_t begin = position_ + 1;
    std::size_t end = begin;
    ExpressionScanner scanner;
    while (end < text_.size() && (scanner.inside_literal() || text_[end] != '}')) {
      end = scanner.advance(text_, end);
    }
    if (end >= text_.size()) {
      throw error("`{` is never closed", "write `{{` for a brace", position_);
    }
    const std::size_t close = end;
    while (begin < end && text_[begin] == ' ') ++begin;
    while (end > begin && text_[end - 1] == ' ') --end;
    if (begin == end) throw error("`{}` names no field", "write `{app}`", position_);
    return {text_.substr(begin, end - begin), begin, close + 1};
  }

  std::string_view text_;
  const Settings& settings_;
  std::string_view option_;
  SinkContext& context_;
  std::size_t position_ = 0;
  Template template_;
};

Template Template::compile(std::string_view text, const Settings& settings, std::string_view option,
                           SinkContext& context, Values values) {
  Template compiled = TemplateReader(text, settings, option, context).read();
  compiled.values_ = values;
  return compiled;
}

void Template::render(std::span<const Value> columns, std::int64_t time_ns,
                      std::string& out) const {
  const Calendar calendar(time_granularity_s_ == 0 ? 0 : time_ns);
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Part::Kind::Literal:
        out += part.literal;
        break;
      case Part::Kind::Column:
        if (values_ == Values::Safe) {
          append_safe(columns[part.column], out);
        } else {
          columns[part.column].append_to(out);
        }
        break;
      case Part::Kind::Time:
        append_time(part.literal[0], calendar, out);
        break;
    }
  }
}

std::string_view Template::literal_prefix() const noexcept {
  if (parts_.empty() || parts_.front().kind != Part::Kind::Literal) return {};
  return parts_.front().literal;
}

bool Template::same_for_all_events() const noexcept { return columns_.empty(); }

}  // namespace weir
