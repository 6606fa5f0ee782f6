#pragma once

// The `tls.*` options of a source: what they are, and what they make. Naming a certificate switches
// TLS on. All files are read here, so whatever is wrong with one is told when the configuration is
// loaded, and stops neither what runs nor half of what starts.

#include <memory>
#include <vector>

#include "config/option.hpp"
#include "config/settings.hpp"
#include "router/base/tls_context.hpp"

namespace weir {

std::vector<OptionSpec> tls_source_options();

/// Null where the source has no TLS. Throws ConfigError. Requires: tls_source_options().
std::shared_ptr<const TlsContext> read_source_tls(const Settings& settings);

}  // namespace weir
