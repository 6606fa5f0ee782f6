#pragma once

// What the tests of config/ share: a schema like the real one, loading of text, and errors with the
// place that is expected of them.

#include <string>
#include <string_view>

#include "config/load.hpp"

namespace weir::test {

/// Sources tcp, udp, unix, unix+dgram, stdin, kafka and the hidden command; sinks file, stdout,
/// blackhole, prometheus, tcp, unix, kafka. Options as the real ones have them.
Schema sample_schema();

/// Loads `yaml` as the file "weir.yaml"; "" is no file at all.
Config load_yaml(const std::string& yaml, const Environment& environment = {},
                 const CommandLine& command_line = {});

/// The error that loading gives; fails the test if there is none.
ConfigError error_of(const std::string& yaml, const Environment& environment = {},
                     const CommandLine& command_line = {});

/// `yaml` has one "@@" where the error is expected; checks line, column and that the message
/// contains `message` (and, if given, the hint `hint`).
void check_error(const std::string& yaml, const std::string& message, const std::string& hint = "",
                 const Environment& environment = {});

/// A file with this source, or this sink, and what else it takes to load.
std::string with_source(const std::string& source);
std::string with_sink(const std::string& sink);

/// A file with this under `routes:` and the sinks a, b and c.
std::string with_routes(const std::string& routes);

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace weir::test
