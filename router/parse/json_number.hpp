#pragma once

// parse_json_number: the number grammar of RFC 8259 section 6, into the narrowest Value that holds
// it exactly: Int, else Uint, else Double (nearest). False for what is no JSON number.

#include <string_view>

#include "router/base/value.hpp"

namespace weir {

bool parse_json_number(std::string_view token, Value& out) noexcept;

}  // namespace weir
