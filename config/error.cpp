#include "config/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <utility>
#include <vector>

namespace weir {
namespace {

std::string place(const Location& where) {
  if (where.origin.empty()) return {};
  if (where.line == 0) return where.origin + ": ";
  if (where.column == 0) return fmt::format("{}:{}: ", where.origin, where.line);
  return fmt::format("{}:{}:{}: ", where.origin, where.line, where.column);
}

/// The line with a caret under the column. Tabs stay tabs, so that the caret stands where it must.
std::string picture(const Location& where) {
  if (where.line_text.empty() || where.column == 0) return {};
  std::string padding;
  for (std::size_t i = 0; i + 1 < where.column && i < where.line_text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(where.line_text[i]);
    if ((byte & 0xC0U) == 0x80U) continue;  // Later bytes of one UTF-8 character.
    padding += byte == '\t' ? '\t' : ' ';
  }
  const std::string number = where.line == 0 ? "" : std::to_string(where.line);
  return fmt::format("\n  {:>4} | {}\n  {:>4} | {}^", number, where.line_text, "", padding);
}

/// Insertions, deletions, changes of a byte and swaps of two neighbours that lead from `a` to `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, changed});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

bool is_near(std::size_t distance, std::string_view a, std::string_view b) {
  return distance <= std::max<std::size_t>(1, std::max(a.size(), b.size()) / 3);
}

}  // namespace

Location Location::at(std::size_t count) const {
  if (steps == nullptr) {
    Location moved = *this;
    if (moved.column != 0) moved.column += count;
    return moved;
  }
  Location moved = *this;
  moved.offset = offset + count;
  auto step = std::upper_bound(
      steps->steps.begin(), steps->steps.end(), moved.offset,
      [](std::size_t wanted, const LocationSteps::Step& each) { return wanted < each.offset; });
  if (step == steps->steps.begin()) return moved;
  --step;
  moved.line = step->line;
  moved.column = step->column;
  if (!step->stays && moved.column != 0) moved.column += moved.offset - step->offset;
  const auto text = steps->line_texts.find(step->line);
  moved.line_text = text == steps->line_texts.end() ? "" : text->second;
  return moved;
}

ConfigError::ConfigError(const Location& where, const std::string& message, const std::string& hint)
    : std::runtime_error(place(where) + message + picture(where) +
                         (hint.empty() ? "" : "\n  " + hint)),
      where_(where),
      message_(message),
      hint_(hint) {}

bool names_are_near(std::string_view a, std::string_view b) {
  const std::size_t longer = std::max(a.size(), b.size());
  const std::size_t shorter = std::min(a.size(), b.size());
  if (longer > 128 || longer - shorter > std::max<std::size_t>(1, longer / 3)) return false;
  return is_near(edit_distance(a, b), a, b);
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kShownBytesMax = 80;
  std::string shown = "\"";
  for (const char c : text.substr(0, kShownBytesMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += c;
    }
  }
  return shown + (text.size() > kShownBytesMax ? "…\"" : "\"");
}

std::string suggest(std::string_view wrong, std::span<const std::string> candidates) {
  constexpr std::size_t kWrongBytesMax = 128;  // The measure is quadratic.
  wrong = wrong.substr(0, kWrongBytesMax);
  const std::string* nearest = nullptr;
  std::size_t nearest_distance = std::numeric_limits<std::size_t>::max();
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(wrong, candidate);
    if (distance < nearest_distance) {
      nearest = &candidate;
      nearest_distance = distance;
    }
  }
  if (nearest == nullptr) return {};
  if (is_near(nearest_distance, wrong, *nearest)) {
    return fmt::format("did you mean \"{}\"?", *nearest);
  }
  constexpr std::size_t kListedMax = 20;
  const bool all = candidates.size() <= kListedMax;
  return fmt::format("expected one of: {}{}",
                     fmt::join(candidates.first(all ? candidates.size() : kListedMax), ", "),
                     all ? "" : ", …");
}

}  // namespace weir
