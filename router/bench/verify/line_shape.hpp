#pragma once

// What a line, or what is left of one without its events, looks like: whether it is a part of a
// JSON object. Routers' own lines and headers are whole: each brace has its pair.
//
// Threads: pure functions.

#include <cstdint>
#include <string_view>

namespace weir::bench {

enum class Shape : std::uint8_t {
  Whole,
  Head,  ///< Begins as a JSON object with a field does, and is not closed.
  Tail,  ///< Ends in the brace of an object that began before it.
};

Shape shape_of(std::string_view text) noexcept;

/// Whether it begins as a JSON object with a field does, and does not close it.
bool opens_object(std::string_view text) noexcept;

/// Whether it ends in a brace, or that and what may stand behind one: a comma, a bracket.
bool ends_in_brace(std::string_view text) noexcept;

/// Where the string that begins before `at` ends: behind its quote, or at the end of the text.
std::size_t end_of_string(std::string_view text, std::size_t at) noexcept;

}  // namespace weir::bench
