#pragma once

// check_scalar: whether one value has the form that its option's type asks for.

#include "config/option.hpp"
#include "config/placed_text.hpp"

namespace weir {

/// Throws ConfigError at `value`. Of a list's type, `value` is one item; Objects are not checked.
void check_scalar(const OptionSpec& spec, const PlacedText& value);

}  // namespace weir
