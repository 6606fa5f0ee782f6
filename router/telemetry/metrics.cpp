#include "router/telemetry/metrics.hpp"

#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "router/telemetry/metric_families.hpp"
#include "router/telemetry/process_stats.hpp"

namespace weir {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;

/// Collects families of sinks beside the router's own.
class Merger {
 public:
  explicit Merger(std::vector<MetricFamily> own) : families_(std::move(own)) {
    for (const MetricFamily& family : families_) own_names_.insert(family.name);
  }

  void merge(MetricFamily family) {
    if (own_names_.contains(family.name)) {
      skipped_ += family.metric.size();
      return;
    }
    const auto [at, is_new] = index_.try_emplace(family.name, families_.size());
    if (is_new) {
      MetricFamily& empty = families_.emplace_back();
      empty.name = family.name;
      empty.help = family.help;
      empty.type = family.type;
    }
    MetricFamily& target = families_[at->second];
    if (target.type != family.type) {
      skipped_ += family.metric.size();
      return;
    }
    for (ClientMetric& metric : family.metric) add_series(target, std::move(metric));
  }

  std::size_t skipped() const noexcept { return skipped_; }
  std::vector<MetricFamily> take() { return std::move(families_); }

 private:
  void add_series(MetricFamily& target, ClientMetric metric) {
    auto labels = metric.label;
    std::sort(labels.begin(), labels.end());
    if (seen_[target.name].insert(std::move(labels)).second) {
      target.metric.push_back(std::move(metric));
    } else {
      ++skipped_;
    }
  }

  std::vector<MetricFamily> families_;
  std::set<std::string> own_names_;
  std::map<std::string, std::size_t> index_;  // Into families_.
  std::map<std::string, std::set<std::vector<ClientMetric::Label>>> seen_;
  std::size_t skipped_ = 0;
};

MetricFamily skipped_family(std::size_t skipped) {
  MetricFamily family;
  family.name = "weir_metrics_series_skipped";
  family.help = "Series of sinks that clash with another series and are not shown.";
  family.type = prometheus::MetricType::Gauge;
  family.metric.emplace_back().gauge.value = static_cast<double>(skipped);
  return family;
}

}  // namespace

void Metrics::expose(std::weak_ptr<prometheus::Collectable> metrics) {
  const std::lock_guard lock(mutex_);
  // A source's parts may share theirs, and each names them.
  const auto is_same = [&](const auto& weak) {
    return !weak.owner_before(metrics) && !metrics.owner_before(weak);
  };
  std::erase_if(exposed_, [&](const auto& weak) { return weak.expired() || is_same(weak); });
  exposed_.push_back(std::move(metrics));
}

std::string Metrics::render(const Balance& balance) const {
  std::vector<MetricFamily> own = ledger_families(balance, version_);
  auto process = process_families(read_process_stats());
  std::move(process.begin(), process.end(), std::back_inserter(own));

  // Counted after the merge, but the name is taken before it.
  own.push_back(skipped_family(0));
  const std::size_t skipped_at = own.size() - 1;
  Merger merger(std::move(own));
  for (const auto& collectable : exposed()) {
    for (MetricFamily& family : collectable->Collect()) merger.merge(std::move(family));
  }
  const std::size_t skipped = merger.skipped();
  std::vector<MetricFamily> families = merger.take();
  families[skipped_at] = skipped_family(skipped);
  std::erase_if(families, [](const MetricFamily& family) { return family.metric.empty(); });

  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}

std::vector<std::shared_ptr<prometheus::Collectable>> Metrics::exposed() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<prometheus::Collectable>> alive;
  for (const auto& weak : exposed_) {
    if (auto collectable = weak.lock()) alive.push_back(std::move(collectable));
  }
  return alive;
}

}  // namespace weir
