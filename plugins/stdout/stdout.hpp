#pragma once

// The `stdout` sink: events to the process's standard output. README.md here says what it promises.

#include "router/base/io.hpp"
#include "router/sink/plugin.hpp"

namespace weir::standard_output {

SinkPlugin plugin();

/// The sink, writing to `fd` (borrowed) by way of `io`: what a test needs.
std::unique_ptr<Sink> make_sink(const Settings& settings, SinkContext& context, int fd,
                                std::shared_ptr<Io> io);

}  // namespace weir::standard_output
