#pragma once

// print_json: JSON for people, which Boost.JSON 1.81 cannot write: two spaces a level, members in
// the order in which they were added, what fits on a line on one line.

#include <boost/json/value.hpp>
#include <string>

namespace weir {

/// Ends in a newline.
std::string print_json(const boost::json::value& value);

}  // namespace weir
