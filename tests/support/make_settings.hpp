#pragma once

// make_settings: the Settings of one sink as the loader would make them, without a loader.
//
//   make_settings(file::plugin().spec, "/var/log/{app}.log", {{"rotate", "1MiB"}})

#include <map>
#include <string>

#include "config/option.hpp"
#include "config/settings.hpp"

namespace weir::test {

/// `options` beside their defaults; the common option `encoding` is known, too. Throws
/// std::invalid_argument for one that `spec` does not have.
Settings make_settings(const ComponentSpec& spec, const std::string& path = "",
                       const std::map<std::string, std::string>& options = {});

}  // namespace weir::test
