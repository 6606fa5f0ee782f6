#pragma once

// gunzip: unpacks what a router sends with Content-Encoding: gzip. Any thread.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weir::bench {

/// What the gzip members (RFC 1952) in `packed` hold; nothing where they are damaged, cut off, or
/// hold more than `bytes_max`, which bounds the memory that is used.
std::optional<std::string> gunzip(std::string_view packed, std::size_t bytes_max);

}  // namespace weir::bench
