#pragma once

// Looking into a field that is itself an array or an object: `"x" in tags`, `size(tags)`. The
// decoder hands such a field over as JSON text, so this parses it a second time, with simdjson.
// That is for the rare condition that asks; all others never come here.
//
// Requires of every `json`: limits::kBlockPadding readable bytes behind it, as in a Block. Text
// that is broken behind the point that was needed may go unnoticed; broken before it, nothing is
// found.
//
// Any thread: each has its own parser, which allocates only when it meets a longer text than
// before.

#include <string_view>

#include "router/base/value.hpp"

namespace weir::route {

/// An array that has an element equal to `needle`, or an object that has it as a key.
bool json_contains(std::string_view json, const Value& needle) noexcept;

/// How many elements or keys, as an Int; Missing where the text is broken.
Value json_size(std::string_view json) noexcept;

}  // namespace weir::route
