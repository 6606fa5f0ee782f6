#pragma once

// PlacedText: text that knows where each of its bytes was written, through quotes, escapes, several
// lines and `${NAME}`. What reads configuration takes and returns these, so that every error stands
// at the exact place. Plain values; one thread.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "config/error.hpp"

namespace weir {

struct PlacedText {
  std::string text;
  Location where;       ///< Of the first byte; where.at(i) is the place of byte i.
  bool secret = false;  ///< Holds what came from `${file:…}`: never to be shown.

  PlacedText sub(std::size_t begin, std::size_t count = std::string::npos) const;

  /// As a message may show it: in quotes, or *** if it is secret.
  std::string shown() const;

  /// To be thrown: `message` at byte `at`.
  ConfigError error(const std::string& message, const std::string& hint = "",
                    std::size_t at = 0) const;
};

/// Puts a PlacedText together from pieces of others.
class PlacedTextBuilder {
 public:
  /// `where`: of the result if it stays empty.
  explicit PlacedTextBuilder(Location where) : where_(std::move(where)) {}

  /// Appends bytes of `from`, which keep their places.
  void copy(const PlacedText& from, std::size_t begin, std::size_t count);

  /// Appends `text`, all of which is shown to be at `where`.
  void put(std::string_view text, const Location& where, bool secret = false);

  const std::string& text() const noexcept { return text_; }
  PlacedText finish() &&;

 private:
  void add_step(const Location& where, bool stays);

  std::string text_;
  Location where_;
  LocationSteps steps_;
  bool secret_ = false;
};

}  // namespace weir
