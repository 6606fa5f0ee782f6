#include "router/ingest/kafka_source_metrics.hpp"

#include <boost/json.hpp>

namespace weir {
namespace {

/// Partitions that are shown: who reads more of them on one shard looks elsewhere.
constexpr std::size_t kPartitionsMax = 1000;

}  // namespace

KafkaSourceMetrics::KafkaSourceMetrics(std::string source, std::size_t shard)
    : source_(std::move(source)),
      registry_(std::make_shared<prometheus::Registry>()),
      brokers_(*registry_, {{"source", source_}, {"shard", std::to_string(shard)}}),
      lag_(prometheus::BuildGauge()
               .Name("weir_kafka_lag_records")
               .Help("Records of a partition behind the last confirmed offset.")
               .Register(*registry_)),
      prefetched_(prometheus::BuildGauge()
                      .Name("weir_kafka_prefetched_records")
                      .Help("Records that were fetched and not read yet.")
                      .Register(*registry_)
                      .Add({{"source", source_}, {"shard", std::to_string(shard)}})) {}

bool KafkaSourceMetrics::take(std::string_view text) {
  namespace json = boost::json;
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  const json::object* const root = error ? nullptr : parsed.if_object();
  if (root == nullptr) return false;
  double prefetched = 0;
  if (const json::object* const topics = statistics_at(*root, "topics")) {
    for (const auto& [name, topic] : *topics) {
      const json::object* const figures = topic.if_object();
      const json::object* const partitions =
          figures == nullptr ? nullptr : statistics_at(*figures, "partitions");
      if (partitions == nullptr) continue;
      for (const auto& [number, value] : *partitions) {
        const json::object* const partition = value.if_object();
        if (partition == nullptr) continue;
        prefetched += statistic(*partition, "fetchq_cnt");
        const double lag = statistic(*partition, "consumer_lag_stored");
        const double id = statistic(*partition, "partition");
        // Negative: not known, or not one that we read.
        if (id >= 0 && lag >= 0) show_lag({name, static_cast<std::int32_t>(id)}, lag);
      }
    }
  }
  prefetched_.Set(prefetched);
  return brokers_.take(*root);
}

void KafkaSourceMetrics::show_lag(const Partition& partition, double records) {
  auto shown = shown_.find(partition);
  if (shown == shown_.end()) {
    if (shown_.size() >= kPartitionsMax) return;
    shown = shown_
                .emplace(partition, &lag_.Add({{"source", source_},
                                               {"topic", partition.first},
                                               {"partition", std::to_string(partition.second)}}))
                .first;
  }
  shown->second->Set(records);
}

void KafkaSourceMetrics::forget(const std::string& topic, std::int32_t partition) {
  const auto shown = shown_.find({topic, partition});
  if (shown == shown_.end()) return;
  lag_.Remove(shown->second);
  shown_.erase(shown);
}

void KafkaSourceMetrics::forget_all() {
  for (const auto& [partition, gauge] : shown_) lag_.Remove(gauge);
  shown_.clear();
}

}  // namespace weir
