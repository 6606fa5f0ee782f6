#pragma once

// SourceText: what the user wrote in one place, be it a file, an environment variable or an option
// of the command line, as lines that errors can show. It knows which parts are secret and hides
// them from the lines that it gives out.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/error.hpp"
#include "config/secret_names.hpp"

namespace weir {

class SourceText {
 public:
  /// A file's text. Until show_all() is called, all that could be a secret is hidden: nothing is
  /// known of its structure yet. Throws where it is not UTF-8 or holds control characters.
  static SourceText file(std::string origin, std::string text, const SecretNames& secrets);

  /// The value of a variable or option: one line without a number.
  static SourceText value(std::string origin, std::string text, const SecretNames& secrets);

  const std::string& text() const noexcept { return text_; }
  bool is_file() const noexcept { return is_file_; }

  /// Lines and columns count from 1; in a value, the line is 0. A place behind the end is the end.
  Location locate(std::size_t line, std::size_t column) const;
  Location locate_offset(std::size_t offset) const;

  /// The byte at a place, text().size() at most.
  std::size_t offset_of(std::size_t line, std::size_t column) const;

  std::size_t line_count() const noexcept { return lines_.size(); }

  /// Takes back what was hidden by guess, but for options in URLs. hide() then does it by
  /// knowledge.
  void show_all(const SecretNames& secrets);

  /// Hides one line from `column` on.
  void hide(std::size_t line, std::size_t column);

 private:
  struct Line {
    std::size_t begin;
    std::size_t size;
    std::size_t hidden_from = std::string_view::npos;  // Offset in the line.
  };
  SourceText(std::string origin, std::string text, bool is_file);
  void split_lines();
  void hide_by_guess(const SecretNames& secrets);
  std::string_view bytes(const Line& line) const {
    return std::string_view(text_).substr(line.begin, line.size);
  }

  std::string origin_;
  std::string text_;
  bool is_file_;
  std::vector<Line> lines_;
};

/// Where `text` stops being UTF-8 (RFC 3629) or has a control character that is not tab or newline;
/// npos if it is clean.
std::size_t first_unclean_byte(std::string_view text) noexcept;

}  // namespace weir
