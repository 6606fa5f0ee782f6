// Makes and deletes topics on a real broker, and says who may write to them, for tests that are no
// C++ programs:
//
//   kafka_topics create BROKERS TOPIC PARTITIONS REPLICAS [NAME=VALUE...]
//   kafka_topics delete BROKERS TOPIC
//   kafka_topics allow|forbid BROKERS TOPIC PRINCIPAL
//
// Returns when the brokers have done it. Exit code 1, and a line, where they do not.

#include <librdkafka/rdkafka.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

constexpr int kPatienceMs = 20'000;

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "kafka_topics: %s\n", why.c_str());
  std::exit(1);
}

int number(const std::string& text) {
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end) fail("a number is wanted, not " + text);
  return value;
}

rd_kafka_t* connect(const std::string& brokers) {
  rd_kafka_conf_t* const conf = ::rd_kafka_conf_new();
  std::array<char, 512> why{};
  ::rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), why.data(), why.size());
  rd_kafka_t* const client = ::rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size());
  if (client == nullptr) fail(why.data());
  return client;
}

/// Waits for the answer, and fails unless it is a good one.
void await_answer(rd_kafka_queue_t* queue) {
  rd_kafka_event_t* const event = ::rd_kafka_queue_poll(queue, kPatienceMs);
  if (event == nullptr) fail("no answer");
  if (::rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail(::rd_kafka_event_error_string(event));
  }
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results = nullptr;
  if (const auto* created = ::rd_kafka_event_CreateTopics_result(event)) {
    results = ::rd_kafka_CreateTopics_result_topics(created, &count);
  } else if (const auto* deleted = ::rd_kafka_event_DeleteTopics_result(event)) {
    results = ::rd_kafka_DeleteTopics_result_topics(deleted, &count);
  } else if (const auto* allowed = ::rd_kafka_event_CreateAcls_result(event)) {
    std::size_t made = 0;
    const rd_kafka_acl_result_t** const acls = ::rd_kafka_CreateAcls_result_acls(allowed, &made);
    for (std::size_t i = 0; i < made; ++i) {
      const rd_kafka_error_t* const error = ::rd_kafka_acl_result_error(acls[i]);
      if (error != nullptr) fail(::rd_kafka_error_string(error));
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (::rd_kafka_topic_result_error(results[i]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      fail(::rd_kafka_topic_result_error_string(results[i]));
    }
  }
  ::rd_kafka_event_destroy(event);
}

void create(rd_kafka_t* client, rd_kafka_queue_t* queue, const std::vector<std::string>& words) {
  std::array<char, 512> why{};
  rd_kafka_NewTopic_t* topic = ::rd_kafka_NewTopic_new(words[3].c_str(), number(words[4]),
                                                       number(words[5]), why.data(), why.size());
  if (topic == nullptr) fail(why.data());
  for (std::size_t i = 6; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    if (equals == std::string::npos) fail("NAME=VALUE is wanted, not " + words[i]);
    ::rd_kafka_NewTopic_set_config(topic, words[i].substr(0, equals).c_str(),
                                   words[i].substr(equals + 1).c_str());
  }
  ::rd_kafka_CreateTopics(client, &topic, 1, nullptr, queue);
  await_answer(queue);
  ::rd_kafka_NewTopic_destroy(topic);
}

void remove(rd_kafka_t* client, rd_kafka_queue_t* queue, const std::string& name) {
  rd_kafka_DeleteTopic_t* topic = ::rd_kafka_DeleteTopic_new(name.c_str());
  ::rd_kafka_DeleteTopics(client, &topic, 1, nullptr, queue);
  await_answer(queue);
  ::rd_kafka_DeleteTopic_destroy(topic);
}

/// To write, and to ask where.
void allow(rd_kafka_t* client, rd_kafka_queue_t* queue, const std::string& topic,
           const std::string& principal) {
  std::array<char, 512> why{};
  for (const auto operation : {RD_KAFKA_ACL_OPERATION_WRITE, RD_KAFKA_ACL_OPERATION_DESCRIBE}) {
    rd_kafka_AclBinding_t* acl = ::rd_kafka_AclBinding_new(
        RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL,
        principal.c_str(), "*", operation, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, why.data(),
        why.size());
    if (acl == nullptr) fail(why.data());
    ::rd_kafka_CreateAcls(client, &acl, 1, nullptr, queue);
    await_answer(queue);
    ::rd_kafka_AclBinding_destroy(acl);
  }
}

void forbid(rd_kafka_t* client, rd_kafka_queue_t* queue, const std::string& topic,
            const std::string& principal) {
  std::array<char, 512> why{};
  rd_kafka_AclBindingFilter_t* filter = ::rd_kafka_AclBindingFilter_new(
      RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, principal.c_str(),
      nullptr, RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY, why.data(),
      why.size());
  if (filter == nullptr) fail(why.data());
  ::rd_kafka_DeleteAcls(client, &filter, 1, nullptr, queue);
  await_answer(queue);
  ::rd_kafka_AclBinding_destroy(filter);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  const bool creates = argc >= 6 && words[1] == "create";
  const bool deletes = argc == 4 && words[1] == "delete";
  const bool permits = argc == 5 && (words[1] == "allow" || words[1] == "forbid");
  if (!creates && !deletes && !permits) fail("create, delete, allow, forbid? see the source");
  rd_kafka_t* const client = connect(words[2]);
  rd_kafka_queue_t* const queue = ::rd_kafka_queue_new(client);
  if (creates) {
    create(client, queue, words);
  } else if (permits) {
    (words[1] == "allow" ? allow : forbid)(client, queue, words[3], words[4]);
  } else {
    remove(client, queue, words[3]);
  }
  ::rd_kafka_queue_destroy(queue);
  ::rd_kafka_destroy(client);
  return 0;
}
