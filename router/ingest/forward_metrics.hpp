#pragma once

// ForwardMetrics: what became of the chunks of one `forward://` source, on the admin port:
//
//   weir_forward_chunks_total{source,result}
//     acknowledged   arrived whole, and were told so for the first time
//     repeated       had arrived, or were on their way, when they came again
//     refused        did not arrive whole, and were not acknowledged
//
// Chunks without a name are not counted. Threads: any.

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>

namespace weir {

class ForwardMetrics {
 public:
  explicit ForwardMetrics(const std::string& source);

  void count_acknowledged() { acknowledged_.Increment(); }
  void count_repeated() { repeated_.Increment(); }
  void count_refused() { refused_.Increment(); }

  /// For Metrics::expose().
  const std::shared_ptr<prometheus::Registry>& registry() const noexcept { return registry_; }

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& chunks_;
  prometheus::Counter& acknowledged_;
  prometheus::Counter& repeated_;
  prometheus::Counter& refused_;
};

}  // namespace weir
