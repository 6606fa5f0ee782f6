#include "plugins/kafka/kafka_metrics.hpp"

#include <boost/json.hpp>

namespace weir::kafka {

KafkaMetrics::KafkaMetrics(const std::string& sink)
    : registry_(std::make_shared<prometheus::Registry>()),
      brokers_(*registry_, {{"sink", sink}}),
      queue_records_(prometheus::BuildGauge()
                         .Name("weir_kafka_queue_records")
                         .Help("Records handed to librdkafka and not answered yet.")
                         .Register(*registry_)
                         .Add({{"sink", sink}})),
      queue_bytes_(prometheus::BuildGauge()
                       .Name("weir_kafka_queue_bytes")
                       .Help("Their bytes.")
                       .Register(*registry_)
                       .Add({{"sink", sink}})),
      replacements_(prometheus::BuildCounter()
                        .Name("weir_kafka_producer_replacements_total")
                        .Help("Producers that were replaced after a failure.")
                        .Register(*registry_)
                        .Add({{"sink", sink}})) {}

bool KafkaMetrics::take(std::string_view text) {
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(text, error);
  const boost::json::object* const root = error ? nullptr : parsed.if_object();
  if (root == nullptr) return false;
  queue_records_.Set(statistic(*root, "msg_cnt"));
  queue_bytes_.Set(statistic(*root, "msg_size"));
  return brokers_.take(*root);
}

}  // namespace weir::kafka
