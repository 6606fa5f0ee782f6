#include "config/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weir {
namespace {

// A longer line is not shown: it would fill the screen, and each Location holds a copy.
constexpr std::size_t kLineShownBytesMax = 512;

std::size_t indentation(std::string_view line) noexcept {
  return std::min(line.find_first_not_of(" \t"), line.size());
}

/// True where nothing but the beginning of a value stands in `rest`: `"`, `|`, `{`, `- `, a tag.
bool value_follows_below(std::string_view rest) noexcept {
  return rest.find_first_not_of(" \t") == std::string_view::npos;
}

}  // namespace

SourceText::SourceText(std::string origin, std::string text, bool is_file)
    : origin_(std::move(origin)), text_(std::move(text)), is_file_(is_file) {
  split_lines();
}

SourceText SourceText::file(std::string origin, std::string text, const SecretNames& secrets) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  SourceText source(std::move(origin), std::move(text), true);
  const std::size_t unclean = first_unclean_byte(source.text_);
  if (unclean != std::string_view::npos) {
    Location where = source.locate_offset(unclean);
    where.line_text.clear();  // Not fit for a terminal.
    throw ConfigError(
        where,
        fmt::format("byte 0x{:02X} is not text", static_cast<unsigned char>(source.text_[unclean])),
        "a configuration is UTF-8 without control characters");
  }
  source.hide_by_guess(secrets);
  return source;
}

SourceText SourceText::value(std::string origin, std::string text, const SecretNames& secrets) {
  SourceText source(std::move(origin), std::move(text), false);
  source.show_all(secrets);
  return source;
}

void SourceText::split_lines() {
  if (!is_file_) {
    lines_.push_back({.begin = 0, .size = text_.size()});
    return;
  }
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = std::min(text_.find('\n', begin), text_.size());
    const bool carriage_return = end > begin && text_[end - 1] == '\r';
    lines_.push_back({.begin = begin, .size = end - begin - (carriage_return ? 1 : 0)});
    if (end == text_.size()) return;
    begin = end + 1;
  }
}

Location SourceText::locate(std::size_t line, std::size_t column) const {
  const Line& found = lines_[std::clamp<std::size_t>(line, 1, lines_.size()) - 1];
  Location where{.origin = origin_};
  where.line = is_file_ ? std::min(line, lines_.size()) : 0;
  where.column = std::clamp<std::size_t>(column, 1, found.size + 1);
  if (found.size > kLineShownBytesMax) return where;
  std::string_view shown = bytes(found);
  const bool hidden = found.hidden_from < shown.size();
  if (hidden) shown = shown.substr(0, found.hidden_from);
  for (const char c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    where.line_text += (byte < 0x20 && c != '\t') || byte == 0x7F ? ' ' : c;
  }
  if (hidden) where.line_text += "***";
  return where;
}

Location SourceText::locate_offset(std::size_t offset) const {
  auto line =
      std::upper_bound(lines_.begin(), lines_.end(), offset,
                       [](std::size_t wanted, const Line& each) { return wanted < each.begin; });
  --line;
  return locate(static_cast<std::size_t>(line - lines_.begin()) + 1, offset - line->begin + 1);
}

std::size_t SourceText::offset_of(std::size_t line, std::size_t column) const {
  const Line& found = lines_[std::clamp<std::size_t>(line, 1, lines_.size()) - 1];
  return std::min(found.begin + std::max<std::size_t>(column, 1) - 1, text_.size());
}

void SourceText::show_all(const SecretNames& secrets) {
  for (Line& line : lines_) line.hidden_from = secret_column(bytes(line), secrets, false);
}

void SourceText::hide(std::size_t line, std::size_t column) {
  if (line == 0 || line > lines_.size()) return;
  Line& found = lines_[line - 1];
  found.hidden_from = std::min(found.hidden_from, std::max<std::size_t>(column, 1) - 1);
}

void SourceText::hide_by_guess(const SecretNames& secrets) {
  std::size_t deeper_than = std::string_view::npos;  // Lines indented more belong to a secret.
  bool next_too = false;                             // So does the next one, whatever it is.
  for (Line& line : lines_) {
    const std::string_view text = bytes(line);
    if (indentation(text) == text.size()) continue;  // Blank.
    const bool continues = deeper_than != std::string_view::npos && indentation(text) > deeper_than;
    if (continues || next_too) {
      line.hidden_from = 0;
      next_too = false;
      continue;
    }
    deeper_than = std::string_view::npos;
    line.hidden_from = secret_column(text, secrets, true);
    if (line.hidden_from == std::string_view::npos) {
      // `? password`, a key by itself, with its value on the next line.
      const std::size_t key = indentation(text);
      next_too = text[key] == '?' && secrets.contains(text.substr(std::min(key + 2, text.size())));
      continue;
    }
    deeper_than = indentation(text);
    next_too = value_follows_below(text.substr(line.hidden_from));
  }
}

std::size_t first_unclean_byte(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned char lead = at(i);
    if (lead < 0x80) {
      const bool newline =
          lead == '\n' || (lead == '\r' && i + 1 < text.size() && at(i + 1) == '\n');
      if ((lead < 0x20 && lead != '\t' && !newline) || lead == 0x7F) return i;
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || i + length > text.size()) return i;
    for (std::size_t k = 1; k < length; ++k) {
      if ((at(i + k) & 0xC0U) != 0x80U) return i;
    }
    // Overlong forms, surrogates and what lies above U+10FFFF.
    const unsigned char second = at(i + 1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
      return i;
    }
    i += length;
  }
  return std::string_view::npos;
}

}  // namespace weir
