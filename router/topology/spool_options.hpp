#pragma once

// The options `spool.*`, which every sink has, and where its spool lies.

#include <string>
#include <vector>

#include "config/option.hpp"
#include "config/settings.hpp"
#include "router/sink/spool.hpp"

namespace weir {

std::vector<OptionSpec> spool_option_specs();

/// DATA_DIR/spool/NAME, with what is not plain in NAME as %xx.
std::string spool_path(const std::string& data_dir, const std::string& sink);

/// Whether something lies in that spool, delivered or not; also where that cannot be seen. False
/// without a `data_dir`.
bool has_spooled(const std::string& data_dir, const std::string& sink);

/// Throws ConfigError. Of use only where there is a `data_dir`.
SpoolOptions read_spool_options(const Settings& settings, const std::string& data_dir);

}  // namespace weir
