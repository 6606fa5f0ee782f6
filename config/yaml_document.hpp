#pragma once

// read_yaml: YAML text into a Document. Everything that YAML can do to surprise is refused here,
// with line and column: tags, duplicate keys, keys that are not text, merge keys, several
// documents, more nodes or levels than bounds.hpp allows.

#include <string>

#include "config/document.hpp"
#include "config/secret_names.hpp"

namespace weir {

/// `origin`: the file's name, for errors. Throws ConfigError.
Document read_yaml(std::string origin, std::string text, const SecretNames& secrets);

}  // namespace weir
