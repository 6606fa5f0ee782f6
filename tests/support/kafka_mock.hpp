#pragma once

// KafkaMock: a Kafka cluster inside of the test's process: librdkafka's mock brokers on free ports
// of the loopback, which speak the protocol, forget everything at the end, and can be told to fail.
//
// Threads: one; the brokers have their own.

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weir::test {

struct KafkaRecord {
  std::int32_t partition = 0;
  std::string value;
  std::optional<std::string> key;
  std::int64_t timestamp_ms = 0;
  std::map<std::string, std::string> headers;
};

/// All that a topic holds now, partition by partition, in order; waits for at least `count`
/// records. Throws std::runtime_error where it cannot be read.
std::vector<KafkaRecord> read_topic(const std::string& brokers, const std::string& topic,
                                    std::size_t count);

class KafkaMock {
 public:
  explicit KafkaMock(int brokers = 1);
  ~KafkaMock();
  KafkaMock(const KafkaMock&) = delete;
  KafkaMock& operator=(const KafkaMock&) = delete;

  /// "127.0.0.1:40123,127.0.0.1:40124"
  std::string brokers() const;

  void create_topic(const std::string& name, int partitions = 1);

  /// Brokers are numbered from 1. One that is down refuses connections, and drops those it has.
  void set_down(int broker);
  void set_up(int broker);

  /// The next requests to produce are answered with these.
  void fail_next(const std::vector<rd_kafka_resp_err_t>& errors);

  /// What brokers say of a topic: RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART where it is not there.
  void set_topic_error(const std::string& topic, rd_kafka_resp_err_t error);

  /// Answers take so long.
  void set_round_trip_ms(int milliseconds);

  /// Writes a record, and waits until it is there.
  void write(const std::string& topic, int partition, const std::string& value);

  /// Where the group reads on; -1: it has committed nothing, or cannot be asked now.
  std::int64_t committed(const std::string& group, const std::string& topic, int partition) const;

  std::vector<KafkaRecord> read(const std::string& topic, std::size_t count) const {
    return read_topic(brokers(), topic, count);
  }

 private:
  rd_kafka_t* client_;
  rd_kafka_mock_cluster_t* cluster_;
  int broker_count_;
};

}  // namespace weir::test
