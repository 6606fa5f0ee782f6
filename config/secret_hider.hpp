#pragma once

// hide_secrets: once a document's structure is known, exactly the values of its secret options are
// hidden from the lines that errors show.

#include "config/document.hpp"
#include "config/secret_names.hpp"

namespace weir {

/// May be called again when `secrets` has grown.
void hide_secrets(Document& document, const SecretNames& secrets);

}  // namespace weir
