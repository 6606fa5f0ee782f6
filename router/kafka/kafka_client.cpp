#include "router/kafka/kafka_client.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "config/host_port.hpp"

namespace weir {
namespace {

constexpr std::string_view kPassedThrough = "rdkafka.";

/// A cluster inside of librdkafka, for tests: it must not start where only the words are checked.
constexpr std::string_view kMock = "test.mock.";

std::string broker_list(const Settings& settings) {
  std::string list;
  for (const HostPort& broker : settings.brokers()) {
    if (!list.empty()) list += ',';
    list += to_string(broker);
  }
  return list;
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_number(std::string_view text) noexcept {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

/// What `sasl` says, as librdkafka calls it.
std::string mechanism_of(const std::string& sasl) {
  if (sasl == "scram-sha-256") return "SCRAM-SHA-256";
  if (sasl == "scram-sha-512") return "SCRAM-SHA-512";
  return sasl == "plain" ? "PLAIN" : "OAUTHBEARER";
}

}  // namespace

std::vector<OptionSpec> kafka_client_options() {
  return {{.name = "tls",
           .type = OptionType::Boolean,
           .help = "true: TLS. Any tls.* option switches it on, too."},
          {.name = "tls.ca",
           .help = "PEM file of the authorities that are trusted; without it, the system's."},
          {.name = "tls.cert",
           .help = "PEM file with our own certificate, for brokers that ask for one."},
          {.name = "tls.key", .help = "PEM file with its private key."},
          {.name = "tls.verify",
           .type = OptionType::Boolean,
           .help = "false: any certificate is accepted, so anybody can pose as a broker."},
          {.name = "sasl",
           .type = OptionType::Choice,
           .fallback = "none",
           .help = "How to log in.",
           .choices = {"none", "plain", "scram-sha-256", "scram-sha-512", "oauthbearer"}},
          {.name = "username", .help = "With sasl: plain or scram-*."},
          {.name = "password", .type = OptionType::Secret, .help = "With sasl: plain or scram-*."},
          {.name = "token_file",
           .help = "With sasl: oauthbearer: a file that holds the token, a JWT. It is read anew "
                   "whenever the token is about to end."},
          {.name = "rdkafka.*",
           .help = "Any property of librdkafka (CONFIGURATION.md), as it is called there."}};
}

KafkaClientConfig::KafkaClientConfig(const Settings& settings,
                                     std::vector<std::string_view> reserved)
    : settings_(settings) {
  reserved.insert(reserved.end(), {"bootstrap.servers", "metadata.broker.list", "log.queue"});
  read_passed_through(reserved);
  set("client.id", "weir");
  set("reconnect.backoff.max.ms", "2000");  // A broker that is back is soon found.
  read_sasl();
  read_tls();
}

void KafkaClientConfig::read_passed_through(const std::vector<std::string_view>& reserved) {
  for (const auto& [name, entry] : settings_.entries()) {
    if (!name.starts_with(kPassedThrough)) continue;
    const std::string property = name.substr(kPassedThrough.size());
    if (std::find(reserved.begin(), reserved.end(), property) != reserved.end()) {
      throw settings_.error(name, fmt::format("{} is set by weir", property));
    }
    if (const auto why = refusal(property, entry.text)) {
      // librdkafka's words repeat the value.
      throw settings_.error(name, entry.secret ? "librdkafka does not take this" : *why);
    }
    passed_through_[property] = entry.text;
  }
}

void KafkaClientConfig::read_tls() {
  const std::array<std::pair<const char*, const char*>, 3> kFiles = {
      {{"tls.ca", "ssl.ca.location"},
       {"tls.cert", "ssl.certificate.location"},
       {"tls.key", "ssl.key.location"}}};
  const bool has_any = settings_.has("tls.verify") ||
                       std::any_of(kFiles.begin(), kFiles.end(),
                                   [this](const auto& file) { return settings_.has(file.first); });
  if (has_any && settings_.has("tls") && !settings_.boolean("tls")) {
    throw settings_.error("tls", "tls is false, and yet there are tls.* options",
                          "take the one away, or the others");
  }
  const bool has_sasl = settings_.string("sasl") != "none";
  const bool has_tls = has_any || settings_.boolean("tls");
  if (has_tls || has_sasl) {
    const char* const protocol = has_sasl ? (has_tls ? "sasl_ssl" : "sasl_plaintext") : "ssl";
    set("security.protocol", protocol, has_sasl ? "sasl" : "tls");
  }
  for (const auto& [option, property] : kFiles) {
    if (!settings_.has(option)) continue;
    check_file(option);
    set(property, settings_.string(option), option);
  }
  if (settings_.has("tls.verify") && !settings_.boolean("tls.verify")) {
    set("enable.ssl.certificate.verification", "false", "tls.verify");
    set("ssl.endpoint.identification.algorithm", "none", "tls.verify");
  } else if (has_tls) {
    // Not the default of librdkafka before 2.0: the name in the certificate has to be the broker's.
    set("ssl.endpoint.identification.algorithm", "https");
  }
}

void KafkaClientConfig::read_sasl() {
  const std::string& sasl = settings_.string("sasl");
  const bool takes_token = sasl == "oauthbearer";
  const bool takes_password = sasl != "none" && !takes_token;
  for (const char* option : {"username", "password"}) {
    if (settings_.has(option) && !takes_password) {
      throw settings_.error(option, fmt::format("{} does nothing with sasl: {}", option, sasl),
                            "it goes with sasl: plain, scram-sha-256 or scram-sha-512");
    }
    if (takes_password && settings_.string(option).empty()) {
      throw settings_.error("sasl", fmt::format("sasl: {} needs {}", sasl, option));
    }
  }
  if (settings_.has("token_file") && !takes_token) {
    throw settings_.error("token_file", "token_file does nothing without sasl: oauthbearer");
  }
  if (sasl == "none") return;
  set("sasl.mechanisms", mechanism_of(sasl), "sasl");
  if (takes_password) {
    set("sasl.username", settings_.string("username"), "username");
    set("sasl.password", settings_.string("password"), "password");
    return;
  }
  token_file_ = settings_.string("token_file");
  if (!token_file_.empty()) check_file("token_file");
  const bool has_other_way = passed_through_.contains("enable.sasl.oauthbearer.unsecure.jwt");
  if (token_file_.empty() && !has_other_way) {
    throw settings_.error("sasl", "sasl: oauthbearer needs token_file");
  }
}

/// librdkafka would not say which one it cannot read.
void KafkaClientConfig::check_file(std::string_view option) const {
  const std::string& path = settings_.string(option);
  if (::access(path.c_str(), R_OK) == 0) return;
  throw settings_.error(option, fmt::format("cannot read {}: {}", path, std::strerror(errno)),
                        "correct the path, or the file's permissions");
}

void KafkaClientConfig::set(const std::string& property, const std::string& value,
                            std::string_view option) {
  if (passed_through_.contains(property)) return;
  if (const auto why = refusal(property, value)) throw settings_.error(option, *why);
  properties_[property] = value;
}

void KafkaClientConfig::change(const std::string& property, const std::string& value) {
  passed_through_.erase(property);
  properties_[property] = value;
}

/// Why librdkafka would not take it.
std::optional<std::string> KafkaClientConfig::refusal(const std::string& property,
                                                      const std::string& value) const {
  const KafkaConf conf(::rd_kafka_conf_new());
  std::array<char, 512> why{};
  const auto set =
      ::rd_kafka_conf_set(conf.get(), property.c_str(), value.c_str(), why.data(), why.size());
  if (set != RD_KAFKA_CONF_OK) {
    std::string words = why.data();
    while (!words.empty() && words.back() == '\n') words.pop_back();
    return words;
  }
  // It reads "10s" as 10, and takes what is too large for an int as something else.
  std::array<char, 64> taken{};
  std::size_t size = taken.size();
  if (::rd_kafka_conf_get(conf.get(), property.c_str(), taken.data(), &size) == RD_KAFKA_CONF_OK &&
      size <= taken.size() && is_number(taken.data()) && !value.empty() &&
      (is_digit(value.front()) || value.front() == '-') && value != taken.data()) {
    return fmt::format("{} is a plain number, not \"{}\"", property, value);
  }
  return std::nullopt;
}

KafkaConf KafkaClientConfig::make_conf(bool with_brokers) const {
  KafkaConf conf(::rd_kafka_conf_new());
  std::array<char, 512> why{};
  for (const auto* properties : {&properties_, &passed_through_}) {
    for (const auto& [property, value] : *properties) {
      if (!with_brokers && property.starts_with(kMock)) continue;
      ::rd_kafka_conf_set(conf.get(), property.c_str(), value.c_str(), why.data(), why.size());
    }
  }
  if (with_brokers) {
    ::rd_kafka_conf_set(conf.get(), "bootstrap.servers", broker_list(settings_).c_str(), why.data(),
                        why.size());
  }
  // What it has to say comes as events; it must not write to stderr.
  ::rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  return conf;
}

void KafkaClientConfig::check(rd_kafka_type_t type) const {
  KafkaConf conf = make_conf(false);
  std::array<char, 512> why{};
  const KafkaHandle client(::rd_kafka_new(type, conf.get(), why.data(), why.size()));
  if (client == nullptr) throw settings_.error("", std::string(why.data()));
  conf.release();  // The client's now.
}

KafkaHandle KafkaClientConfig::new_client(
    rd_kafka_type_t type, std::string& why,
    const std::function<void(rd_kafka_conf_t*)>& prepare) const {
  KafkaConf conf = make_conf(true);
  prepare(conf.get());
  std::array<char, 512> words{};
  KafkaHandle client(::rd_kafka_new(type, conf.get(), words.data(), words.size()));
  if (client == nullptr) {
    why = words.data();
  } else {
    conf.release();
  }
  return client;
}

}  // namespace weir
