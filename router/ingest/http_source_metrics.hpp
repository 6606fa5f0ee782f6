#pragma once

// HttpSourceMetrics: what an `http://` source shows on the admin port beside what every source has:
//
//   weir_http_requests_total{source,code}          requests by the status that they were answered
//                                                  with
//   weir_http_acknowledgement_seconds{source}      from a request's last byte until its events were
//                                                  acknowledged (histogram)
//
// Threads: any; shared by the source's parts on all shards.

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <chrono>
#include <memory>
#include <string>

namespace weir {

class HttpSourceMetrics {
 public:
  explicit HttpSourceMetrics(std::string source);

  void answered(unsigned status);
  void acknowledged(std::chrono::duration<double> after);

  /// For Metrics::expose().
  const std::shared_ptr<prometheus::Registry>& registry() const noexcept { return registry_; }

 private:
  const std::string source_;
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Histogram& seconds_;
};

}  // namespace weir
