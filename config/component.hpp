#pragma once

// read_component: one source or sink, from its short form (a URL) or its long form (a mapping with
// `url` and the options), into Settings that hold to the component's ComponentSpec.

#include <span>
#include <string>

#include "config/document.hpp"
#include "config/interpolation.hpp"
#include "config/option.hpp"
#include "config/settings.hpp"

namespace weir {

enum class ComponentKind { Source, Sink };

/// What the user wrote, not yet looked into.
struct ComponentDraft {
  std::string name;
  Location where;  ///< Of the name.
  NodeView node;
};

/// A component whose help is empty is hidden: users cannot name it.
inline bool is_hidden(const ComponentSpec& spec) noexcept { return spec.help.empty(); }

/// "source" or "sink".
std::string to_string(ComponentKind kind);

/// `specs`: of this kind; `other_specs`: of the other kind, to tell a sink that was named as a
/// source. Throws ConfigError.
Settings read_component(ComponentKind kind, const ComponentDraft& draft,
                        std::span<const ComponentSpec> specs,
                        std::span<const ComponentSpec> other_specs, Interpolator& interpolator);

/// A component that no user wrote, all defaults: the stdout of a command.
Settings make_component(const std::string& name, const ComponentSpec& spec);

}  // namespace weir
