#include "router/ingest/http_source_metrics.hpp"

#include <utility>

namespace weir {
namespace {

/// From what memory takes to what a sink that is away may.
const prometheus::Histogram::BucketBoundaries kSeconds = {
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30};

}  // namespace

HttpSourceMetrics::HttpSourceMetrics(std::string source)
    : source_(std::move(source)),
      registry_(std::make_shared<prometheus::Registry>()),
      requests_(prometheus::BuildCounter()
                    .Name("weir_http_requests_total")
                    .Help("Requests by the status that they were answered with.")
                    .Register(*registry_)),
      seconds_(prometheus::BuildHistogram()
                   .Name("weir_http_acknowledgement_seconds")
                   .Help("From a request's last byte until its events were acknowledged.")
                   .Register(*registry_)
                   .Add({{"source", source_}}, kSeconds)) {}

void HttpSourceMetrics::answered(unsigned status) {
  // The family knows those that are there already.
  requests_.Add({{"source", source_}, {"code", std::to_string(status)}}).Increment();
}

void HttpSourceMetrics::acknowledged(std::chrono::duration<double> after) {
  seconds_.Observe(after.count());
}

}  // namespace weir
