#pragma once

// The keys of a source whose senders name what they send (`http://`, `forward://`), where they are
// kept: in `<data_dir>/sources/<name>`, or without a data_dir in memory alone.

#include <memory>
#include <string>

#include "config/settings.hpp"
#include "router/ingest/seen_keys.hpp"

namespace weir {

/// A source of that kind has them.
bool keeps_keys(const Settings& source);

/// DATA_DIR/sources/NAME.
std::string source_keys_path(const std::string& data_dir, const std::string& source);

/// Throws ConfigError where the directory cannot be used.
std::shared_ptr<SeenKeys> open_source_keys(const Settings& source, const std::string& data_dir,
                                           SeenKeys::Limits limits);

}  // namespace weir
