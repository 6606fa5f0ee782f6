#pragma once

// ConfigError and Location: how a wrong configuration is told. Configuration and start fail by
// exception, caught once, in main; what() is the whole text for the user:
//
//   weir.yaml:7:11: unknown option "max_event_byte" of source "legacy"
//       7 |     max_event_byte: 64KiB
//         |     ^
//     did you mean "max_event_bytes"?

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

struct LocationSteps;

/// A place in what the user wrote: a file, an environment variable or a command-line option.
struct Location {
  std::string origin;      ///< "weir.yaml", "WEIR_SOURCE_APPS", "--to". Empty: no place known.
  std::size_t line = 0;    ///< From 1; 0 where the origin has no lines.
  std::size_t column = 0;  ///< From 1, in bytes; 0 if unknown.
  std::string line_text;   ///< The line, for the caret. Secrets are already masked.

  /// Where text and place do not run side by side: escapes, several lines, `${NAME}`. Null: they
  /// do.
  std::shared_ptr<const LocationSteps> steps;
  std::size_t offset = 0;  ///< Of this place in the text that `steps` describes.

  /// The place of the byte that comes `count` bytes later in the text that begins here.
  Location at(std::size_t count) const;
};

/// The places of a text's bytes, run by run, in order of `offset`.
struct LocationSteps {
  struct Step {
    std::size_t offset = 0;  ///< Of the run's first byte in the text.
    std::size_t line = 0;
    std::size_t column = 0;
    bool stays = false;  ///< All its bytes come from this one place: the value of a variable.
  };
  std::vector<Step> steps;
  std::map<std::size_t, std::string> line_texts;  ///< By line.
};

class ConfigError : public std::runtime_error {
 public:
  /// `message`: what is wrong, in one sentence without a full stop. `hint`: what to do, may be
  /// empty.
  ConfigError(const Location& where, const std::string& message, const std::string& hint = "");

  const Location& where() const noexcept { return where_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& hint() const noexcept { return hint_; }

 private:
  Location where_;
  std::string message_;
  std::string hint_;
};

/// `did you mean "nearest"?` where one of `candidates` is near `wrong` (edit distance at most a
/// third of its length), otherwise the list of candidates, otherwise "".
std::string suggest(std::string_view wrong, std::span<const std::string> candidates);

/// True where one of two names may well have been meant as the other, by the measure of suggest().
bool names_are_near(std::string_view a, std::string_view b);

/// `"text"` for a message: control characters escaped, at most 80 bytes.
std::string quoted(std::string_view text);

}  // namespace weir
