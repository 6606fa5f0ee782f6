#pragma once

// read_whole_file: a configuration file or a secret, with a bound.

#include <cstddef>
#include <string>

#include "config/error.hpp"

namespace weir {

/// The bytes of `path`; pipes are read to their end. Throws ConfigError at `where` if it cannot be
/// read, is a directory, or has more than `bytes_max`.
std::string read_whole_file(const std::string& path, std::size_t bytes_max, const Location& where);

}  // namespace weir
