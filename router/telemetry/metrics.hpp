#pragma once

// Metrics: the text of /metrics in Prometheus' exposition format: the Balance, the process, and
// what sinks expose (SinkContext::expose), merged so that each family is written once.
//
// Where two sinks have a metric of the same name, its series stand together; a series that is there
// already, or a name that is the router's own or of another type, is left out and counted in
// weir_metrics_series_skipped.
//
// Threads: expose() from any; render() collects from the sinks' Collectables, which lock
// themselves.

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "router/telemetry/ledger.hpp"

namespace prometheus {
class Collectable;
}

namespace weir {

class Metrics {
 public:
  explicit Metrics(std::string version) : version_(std::move(version)) {}

  /// Serves `metrics` for as long as it lives.
  void expose(std::weak_ptr<prometheus::Collectable> metrics);

  std::string render(const Balance& balance) const;

 private:
  std::vector<std::shared_ptr<prometheus::Collectable>> exposed() const;

  const std::string version_;
  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<prometheus::Collectable>> exposed_;
};

}  // namespace weir
