#pragma once

// refuse_overlaps: what is collected twice would be taken for the router's duplicates.
//
// Threads: any; looks at the file system.

#include <string>
#include <vector>

namespace weir::bench {

/// Throws ConfigError where two of `urls` are the same, or name the same file: as a path and by a
/// pattern, by two patterns that match it now, or by two names of it.
void refuse_overlaps(const std::vector<std::string>& urls);

}  // namespace weir::bench
