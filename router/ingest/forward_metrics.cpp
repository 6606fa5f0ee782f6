#include "router/ingest/forward_metrics.hpp"

namespace weir {

ForwardMetrics::ForwardMetrics(const std::string& source)
    : registry_(std::make_shared<prometheus::Registry>()),
      chunks_(prometheus::BuildCounter()
                  .Name("weir_forward_chunks_total")
                  .Help("Chunks with a name, by what became of them.")
                  .Register(*registry_)),
      acknowledged_(chunks_.Add({{"source", source}, {"result", "acknowledged"}})),
      repeated_(chunks_.Add({{"source", source}, {"result", "repeated"}})),
      refused_(chunks_.Add({{"source", source}, {"result", "refused"}})) {}

}  // namespace weir
