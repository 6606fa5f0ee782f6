#pragma once

// The `file:///PATH` sink. README.md here says what it promises.

#include <memory>

#include "plugins/file/file_sink.hpp"
#include "router/base/io.hpp"
#include "router/sink/plugin.hpp"

namespace weir::file {

SinkPlugin plugin();

/// The sink with calls and a clock of the caller's choice: what a test needs.
std::unique_ptr<Sink> make_sink(const Settings& settings, SinkContext& context,
                                std::shared_ptr<Io> io, FileSink::WallClock wall_clock);

}  // namespace weir::file
