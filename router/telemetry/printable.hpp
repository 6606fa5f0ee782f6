#pragma once

// Text from outside (names, error texts, paths) made safe to show: nothing in it can move a cursor,
// break a line, or reverse the direction of writing. Used wherever weir prints for people or writes
// a line of its own log; never on events.
//
// Pure functions; any thread.

#include <string>
#include <string_view>

namespace weir {

/// `text` with control characters as `\n`, `\x1b`, `\u202e`, and bytes that are not UTF-8 as
/// `\xff`.
std::string printable(std::string_view text);

/// A JSON document as a serializer wrote it, with the same characters as `\u001b` and bytes that
/// are not UTF-8 as `\ufffd`. Requires: no white space between the tokens.
std::string printable_json(std::string_view json);

/// At most `bytes_max` bytes of `text`, not cut inside a character; marked with `...` where it was
/// cut. Requires: bytes_max >= 3.
std::string shortened(std::string_view text, std::size_t bytes_max);

}  // namespace weir
