#pragma once

// KafkaClientConfig: what a Kafka source or sink tells librdkafka, from its Settings: brokers, TLS,
// SASL, and every property written as `rdkafka.NAME`, which is passed through. A wrong name or
// value is an error at its place when the configuration is loaded.
//
// The properties are those of librdkafka 2.0's CONFIGURATION.md.
//
// Threads: made on the control thread; new_client() on any.

#include <librdkafka/rdkafka.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/option.hpp"
#include "config/settings.hpp"

namespace weir {

/// `tls`, `tls.*`, `sasl`, `username`, `password`, `token_file`, `rdkafka.*`.
std::vector<OptionSpec> kafka_client_options();

struct KafkaConfDestroy {
  void operator()(rd_kafka_conf_t* conf) const noexcept { ::rd_kafka_conf_destroy(conf); }
};
using KafkaConf = std::unique_ptr<rd_kafka_conf_t, KafkaConfDestroy>;

/// Destroys a client and waits for its threads. What it still holds is dropped.
struct KafkaDestroy {
  void operator()(rd_kafka_t* client) const noexcept { ::rd_kafka_destroy(client); }
};
using KafkaHandle = std::unique_ptr<rd_kafka_t, KafkaDestroy>;

class KafkaClientConfig {
 public:
  /// Reads the options of kafka_client_options(). `reserved`: properties that `rdkafka.*` must not
  /// set, because the component's promises rest on them. Throws ConfigError.
  KafkaClientConfig(const Settings& settings, std::vector<std::string_view> reserved);

  /// Sets a property on behalf of `option` ("" = nobody's); a `rdkafka.*` of that name wins. Throws
  /// ConfigError where librdkafka does not take it.
  void set(const std::string& property, const std::string& value, std::string_view option = "");

  /// The same, later on, for a client that is made anew. Requires: `value` is one that it takes.
  void change(const std::string& property, const std::string& value);

  /// Makes a client without brokers, so that nothing is connected to, and destroys it: what goes
  /// together and what does not is only known then. Throws ConfigError.
  void check(rd_kafka_type_t type) const;

  /// A client. On failure `why` says it in words. `prepare` may add callbacks to its conf.
  KafkaHandle new_client(
      rd_kafka_type_t type, std::string& why,
      const std::function<void(rd_kafka_conf_t*)>& prepare = [](rd_kafka_conf_t*) {}) const;

  /// Where the token of `sasl: oauthbearer` is read from; "" without it.
  const std::string& token_file() const noexcept { return token_file_; }

 private:
  void check_file(std::string_view option) const;
  void read_tls();
  void read_sasl();
  void read_passed_through(const std::vector<std::string_view>& reserved);
  std::optional<std::string> refusal(const std::string& property, const std::string& value) const;
  KafkaConf make_conf(bool with_brokers) const;

  Settings settings_;
  std::map<std::string, std::string> properties_;
  std::map<std::string, std::string> passed_through_;
  std::string token_file_;
};

}  // namespace weir
