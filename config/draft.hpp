#pragma once

// ConfigDraft: what file, environment and command line say together, by name, before any of it is
// looked into. What is overridden is thus never read: a missing variable in it is no error.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "config/component.hpp"
#include "config/document.hpp"
#include "config/route.hpp"

namespace weir {

struct ConfigDraft {
  std::vector<ComponentDraft> sources;
  std::vector<RouteDraft> routes;
  std::vector<ComponentDraft> sinks;

  /// Of the options of top_level.hpp, with their index there. Later ones override.
  std::vector<std::pair<std::size_t, NodeView>> top_level;
};

/// What the YAML file says. Throws ConfigError on unknown keys and wrong names.
ConfigDraft draft_of(const Document& file);

/// Throws ConfigError where `name` is not [A-Za-z0-9_-]{1,64}. `what`: "source".
void check_name(const PlacedText& name, const std::string& what);

}  // namespace weir
