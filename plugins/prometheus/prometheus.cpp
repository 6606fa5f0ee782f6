#include "plugins/prometheus/prometheus.hpp"

#include <memory>
#include <utility>

#include "plugins/prometheus/metric_set.hpp"
#include "plugins/prometheus/metric_spec.hpp"

namespace weir::metrics {
namespace {

/// A series takes some hundred bytes: this many are a mistake.
constexpr std::uint64_t kSeriesMaxCeiling = 1'000'000;

class PrometheusSink final : public Sink {
 public:
  /// `context` outlives the sink.
  PrometheusSink(std::shared_ptr<MetricSet> metrics, SinkContext& context)
      : metrics_(std::move(metrics)), context_(context) {}

  SinkTraits traits() const noexcept override {
    return {.never_blocks = true, .settles_in_write = true};
  }
  Result<void> open() override { return {}; }
  void write(Delivery delivery) override {
    if (!metrics_->count(delivery.batch()) && !std::exchange(has_warned_, true)) {
      context_.log_warning("series_max is reached: new labels are counted as _other from here on");
    }
    std::move(delivery).delivered();
  }
  void poll(std::chrono::milliseconds) override {}
  void close(SteadyTime) noexcept override {}

 private:
  std::shared_ptr<MetricSet> metrics_;  // Shared with the admin server while it collects.
  SinkContext& context_;
  bool has_warned_ = false;
};

std::unique_ptr<Sink> make(const Settings& settings, SinkContext& context) {
  const std::uint64_t series_max = settings.integer("series_max");
  if (series_max == 0 || series_max > kSeriesMaxCeiling) {
    throw settings.error("series_max", "series_max is from 1 to 1000000");
  }
  auto metrics =
      std::make_shared<MetricSet>(settings.name(), read_metrics(settings, context), series_max);
  context.expose(metrics);
  return std::make_unique<PrometheusSink>(std::move(metrics), context);
}

}  // namespace

SinkPlugin plugin() {
  ComponentSpec spec{
      .scheme = "prometheus",
      .address = AddressForm::None,
      .help = "Counts events into metrics, served on the admin port under /metrics.",
      .options = {{.name = "metrics",
                   .type = OptionType::Objects,
                   .help = "The metrics, each with a name, a type and what it counts.",
                   .members = metric_options(),
                   .required = true},
                  {.name = "series_max",
                   .type = OptionType::Integer,
                   .fallback = "10000",
                   .help = "Series of all metrics together; what comes after that is counted under "
                           "the label value _other."}}};
  return {.spec = std::move(spec), .make = make};
}

}  // namespace weir::metrics
