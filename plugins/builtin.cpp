#include "plugins/builtin.hpp"

#include "plugins/blackhole/blackhole.hpp"
#include "plugins/file/file.hpp"
#include "plugins/forward/forward.hpp"
#include "plugins/kafka/kafka.hpp"
#include "plugins/prometheus/prometheus.hpp"
#include "plugins/socket/socket.hpp"
#include "plugins/stdout/stdout.hpp"

namespace weir {

void register_builtin(SinkRegistry& registry) {
  registry.add(blackhole::plugin());
  registry.add(standard_output::plugin());
  registry.add(file::plugin());
  registry.add(metrics::plugin());
  registry.add(kafka::plugin());
  registry.add(socket::tcp_plugin());
  registry.add(socket::unix_plugin());
  registry.add(forward::plugin());
}

}  // namespace weir
