#pragma once

// place_scalar: where each byte of a YAML scalar was written. yaml-cpp says where the scalar began;
// quotes, escapes, folded lines and block indentation stand between that and its value.

#include <cstddef>
#include <string>

#include "config/placed_text.hpp"
#include "config/source_text.hpp"

namespace weir {

/// `value`, which YAML read from the scalar that begins at `line` and `column` (an anchor before it
/// included). Where source and value cannot be matched, the places are those of its first byte.
PlacedText place_scalar(const SourceText& source, std::size_t line, std::size_t column,
                        const std::string& value);

/// False for a scalar in quotes whose closing quote is missing: yaml-cpp takes the rest of the file
/// for its value.
bool is_closed_scalar(const SourceText& source, std::size_t line, std::size_t column);

}  // namespace weir
