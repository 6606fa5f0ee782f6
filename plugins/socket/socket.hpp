#pragma once

// The `tcp://HOST:PORT` and `unix:///PATH` sinks: two addresses, one SocketSink. README.md here
// says what they promise.

#include "router/sink/plugin.hpp"

namespace weir::socket {

SinkPlugin tcp_plugin();
SinkPlugin unix_plugin();

}  // namespace weir::socket
