#pragma once

// What the command line says, over file and environment:
//
//   --from            replaces all sources
//   --to              replaces all sinks, and with them all routes; with --when as their condition
//   --when without    replaces all routes by one to all sinks
//   --to
//   -- COMMAND        adds the sources stdout and stderr
//
// So `weir -c weir.yaml --to stdout` shows what the configured sources receive, and
// `weir -c weir.yaml --from stdin` feeds the configured routes by hand.

#include <deque>
#include <string>
#include <vector>

#include "config/draft.hpp"
#include "config/load.hpp"
#include "config/secret_names.hpp"

namespace weir {

/// Overrides in `draft` what the command line says, but for --when and the command, which need
/// sinks and sources to be known.
void apply_command_line(const CommandLine& command_line, const SecretNames& secrets,
                        std::deque<Document>& documents, ConfigDraft& draft);

/// The one route that --when makes, to all of `sinks`. Requires: --when was given.
RouteConfig route_of(const CommandLine& command_line, const std::vector<Settings>& sinks,
                     const SecretNames& secrets, Interpolator& interpolator);

/// stdout and stderr of the command. Throws ConfigError where one of the names is taken.
void add_command_sources(const Schema& schema, std::vector<Settings>& sources);

}  // namespace weir
