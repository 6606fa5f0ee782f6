#pragma once

// One option's value, checked against its OptionSpec, as a Settings::Entry: from a tree (YAML),
// from a URL's query, or from the option's own default. Throws ConfigError with what was expected.

#include <span>
#include <string>
#include <string_view>

#include "config/document.hpp"
#include "config/interpolation.hpp"
#include "config/option.hpp"
#include "config/settings.hpp"

namespace weir {

Settings::Entry read_option(const OptionSpec& spec, const NodeView& node,
                            Interpolator& interpolator);

/// `written`: percent-encoded, as it stands in the URL.
Settings::Entry read_url_option(const OptionSpec& spec, const PlacedText& written,
                                Interpolator& interpolator);

/// Requires: the spec has a default. One that is wrong is a mistake of the component's author, but
/// told like any other.
Settings::Entry default_option(const OptionSpec& spec);

/// True for the names of a kind, `headers.*`: see OptionSpec::name.
inline bool is_open(const OptionSpec& spec) noexcept { return spec.name.ends_with(".*"); }

/// The option of that name, or the one that stands for it. Null where there is none.
const OptionSpec* find_option(std::span<const OptionSpec> specs, std::string_view name) noexcept;

/// `unknown option "x" of WHOM`, with the nearest of `specs` and `more`.
ConfigError unknown_option(const PlacedText& name, std::span<const OptionSpec> specs,
                           const std::string& whom, std::span<const std::string> more = {});

}  // namespace weir
