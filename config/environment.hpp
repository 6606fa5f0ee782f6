#pragma once

// The WEIR_* variables. The prefix is weir's own: one that means nothing is an error, unless a
// `${…}` mentions it. A variable that is empty counts as not set.

#include <deque>
#include <string>

#include "config/draft.hpp"
#include "config/load.hpp"
#include "config/secret_names.hpp"

namespace weir {

/// Overrides in `draft` what the environment says. A source, sink or route of the same name is
/// replaced as a whole; in names, case and the difference between - and _ do not count.
/// `documents` keeps the texts alive, `mentions` is all text in which a `${NAME}` may stand.
void apply_environment(const Environment& environment, const SecretNames& secrets,
                       const std::string& mentions, std::deque<Document>& documents,
                       ConfigDraft& draft);

/// The value of `name`; "" if it is not set.
std::string variable(const Environment& environment, const std::string& name);

}  // namespace weir
