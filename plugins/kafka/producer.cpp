#include "plugins/kafka/producer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "router/base/clock.hpp"
#include "router/kafka/kafka_token.hpp"

namespace weir::kafka {
namespace {

/// Records that are handed over with one call.
constexpr std::size_t kTogether = 4096;

/// What came in so long ago gets the time of its arrival one by one; for the rest the time of
/// handing it over, which costs nothing, is as good.
constexpr std::int64_t kLateNs = 1'000'000'000;

constexpr std::size_t kAnswersTogether = 1024;

/// Partitions are added to topics, and found as soon as other clients find them.
constexpr std::chrono::minutes kRecountEvery{5};

/// What a record takes in a request, beside its payload: the format's lengths and deltas.
constexpr std::size_t kRecordOverheadBytes = 24;

}  // namespace

Producer::Producer(KafkaHandle client, const Topics& topics, const MessageFields& fields,
                   std::size_t set_bytes_max, std::string token_file, ProducerEvents& events)
    : client_(std::move(client)),
      queue_(::rd_kafka_queue_get_main(client_.get())),
      topics_(topics),
      fields_(fields),
      token_file_(std::move(token_file)),
      events_(events),
      set_bytes_max_(set_bytes_max) {}

Producer::~Producer() {
  for (const Topic& used : used_) {
    if (used.handle != nullptr) ::rd_kafka_topic_destroy(used.handle);
  }
  ::rd_kafka_queue_destroy(queue_);
}

void Producer::prepare(rd_kafka_conf_t* conf) {
  ::rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_STATS |
                                       RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH);
}

std::size_t Producer::unanswered() const noexcept {
  // Some of it may be other events; that only makes somebody look once more.
  return static_cast<std::size_t>(::rd_kafka_outq_len(client_.get()));
}

void Producer::purge(bool in_flight) {
  const int what = RD_KAFKA_PURGE_F_QUEUE | (in_flight ? RD_KAFKA_PURGE_F_INFLIGHT : 0);
  ::rd_kafka_purge(client_.get(), what | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

Producer::Topic& Producer::topic(std::uint16_t index) {
  if (used_.size() <= index) used_.resize(topics_.size());
  Topic& found = used_[index];
  if (found.handle == nullptr) {
    found.handle = ::rd_kafka_topic_new(client_.get(), topics_.name(index).c_str(), nullptr);
  }
  return found;
}

bool Producer::produce(RecordBatch& batch) {
  std::vector<Record>& records = batch.records();
  while (batch.next < records.size()) {
    Record& record = records[batch.next];
    if (record.state != Record::State::Waiting) {
      ++batch.next;
      continue;
    }
    const auto& events = batch.batch().events();
    const std::int64_t received_ns = batch.batch().origin(events[record.first_event]).received_ns;
    const bool alone =
        fields_.has_headers() || fields_.has_timestamp() || wall_clock_ns() - received_ns > kLateNs;
    if (!fields_.has_key()) {
      if (!produce_in_lane(batch, alone)) return false;
    } else if (!alone) {
      if (!produce_keyed(batch)) return false;
    } else {
      if (!produce_one(record, RD_KAFKA_PARTITION_UA, Record::kNoLane)) return false;
      ++batch.next;
    }
  }
  return true;
}

void Producer::end_of_turn() noexcept {
  for (Topic& used : used_) used.lanes.close();
}

/// The partition is what the key says.
bool Producer::produce_keyed(RecordBatch& batch) {
  const std::size_t end = gather(batch, SIZE_MAX);
  hand_over(batch, end, RD_KAFKA_PARTITION_UA, Record::kNoLane);
  return batch.next == end;
}

/// To one partition that is idle; so librdkafka need not choose one for each record.
bool Producer::produce_in_lane(RecordBatch& batch, bool alone) {
  Record& first = batch.records()[batch.next];
  Topic& to = topic(first.topic);
  const bool is_chosen = to.lanes.knows_partitions() || first.lane != Record::kNoLane;
  const auto lane = to.lanes.open(set_bytes_max_, first.lane);
  if (!lane) return false;
  const std::int32_t partition = is_chosen ? *lane : RD_KAFKA_PARTITION_UA;
  if (alone) {
    if (!produce_one(first, partition, *lane)) return false;
    const bool is_sent = first.state == Record::State::Sent;
    to.lanes.sent(is_sent ? 1 : 0, first.size + kRecordOverheadBytes);
    ++batch.next;
    return true;
  }
  const std::size_t end = gather(batch, to.lanes.room());
  const std::size_t sent = hand_over(batch, end, partition, *lane);
  to.lanes.sent(sent, gathered_bytes_);
  return batch.next == end;
}

/// Puts waiting records of one topic from batch.next on into messages_, at least one. Returns where
/// it stopped.
std::size_t Producer::gather(RecordBatch& batch, std::size_t bytes_max) {
  std::vector<Record>& records = batch.records();
  messages_.clear();
  indices_.clear();
  keys_.clear();
  gathered_bytes_ = 0;
  const std::uint16_t topic = records[batch.next].topic;
  const std::uint16_t lane = records[batch.next].lane;
  std::size_t at = batch.next;
  for (; at < records.size() && messages_.size() < kTogether; ++at) {
    Record& record = records[at];
    if (record.state != Record::State::Waiting) continue;
    const std::size_t bytes = record.size + kRecordOverheadBytes;
    if (record.topic != topic || record.lane != lane) break;
    if (!messages_.empty() && gathered_bytes_ + bytes > bytes_max) break;
    gathered_bytes_ += bytes;
    rd_kafka_message_t message{};
    message.payload = const_cast<char*>(record.payload);
    message.len = record.size;
    message._private = &record;
    if (fields_.has_key()) {
      const std::size_t begin = keys_.size();
      if (fields_.key(batch.batch(), record.first_event, keys_)) {
        message.key_len = keys_.size() - begin + 1;  // One more: "" is a key, too. See below.
      }
    }
    messages_.push_back(message);
    indices_.push_back(at);
  }
  if (keys_.empty()) return at;
  const char* key = keys_.data();  // It does not move any more.
  for (rd_kafka_message_t& message : messages_) {
    if (message.key_len == 0) continue;
    message.key = const_cast<char*>(key);
    key += --message.key_len;
  }
  return at;
}

/// Hands messages_ over and sets batch.next: to `end`, or to the first that has to wait. Returns
/// how many were taken.
std::size_t Producer::hand_over(RecordBatch& batch, std::size_t end, std::int32_t partition,
                                std::uint16_t lane) {
  std::vector<Record>& records = batch.records();
  ::rd_kafka_produce_batch(topic(records[batch.next].topic).handle, partition, 0, messages_.data(),
                           static_cast<int>(messages_.size()));
  std::size_t waiting = end;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    Record& record = records[indices_[i]];
    if (messages_[i].err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      record.state = Record::State::Sent;
      record.lane = lane;
      ++taken;
    } else if (!take_refusal(record, messages_[i].err)) {
      waiting = std::min(waiting, indices_[i]);
    }
  }
  batch.next = waiting;
  return taken;
}

bool Producer::produce_one(Record& record, std::int32_t partition, std::uint16_t lane) {
  const Batch& batch = record.batch->batch();
  std::array<rd_kafka_vu_t, 8> fields{};
  std::size_t count = 0;
  const auto next = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
    fields[count].vtype = type;
    return fields[count++];
  };
  next(RD_KAFKA_VTYPE_RKT).u.rkt = topic(record.topic).handle;
  next(RD_KAFKA_VTYPE_PARTITION).u.i32 = partition;
  next(RD_KAFKA_VTYPE_MSGFLAGS).u.i = 0;
  rd_kafka_vu_t& value = next(RD_KAFKA_VTYPE_VALUE);
  value.u.mem.ptr = const_cast<char*>(record.payload);
  value.u.mem.size = record.size;
  next(RD_KAFKA_VTYPE_OPAQUE).u.ptr = &record;
  next(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = fields_.timestamp_ms(batch, record.first_event);
  keys_.clear();
  if (fields_.has_key() && fields_.key(batch, record.first_event, keys_)) {
    rd_kafka_vu_t& key = next(RD_KAFKA_VTYPE_KEY);
    key.u.mem.ptr = keys_.data();
    key.u.mem.size = keys_.size();
  }
  rd_kafka_headers_t* headers = nullptr;
  if (fields_.has_headers()) {
    headers = ::rd_kafka_headers_new(fields_.headers().size());
    std::string text;
    for (const MessageFields::Header& header : fields_.headers()) {
      const Value& column = batch.columns(record.first_event)[header.column];
      if (column.missing()) continue;
      text.clear();
      column.append_to(text);
      ::rd_kafka_header_add(headers, header.name.c_str(), static_cast<ssize_t>(header.name.size()),
                            text.data(), static_cast<ssize_t>(text.size()));
    }
    next(RD_KAFKA_VTYPE_HEADERS).u.headers = headers;
  }
  rd_kafka_error_t* const error = ::rd_kafka_produceva(client_.get(), fields.data(), count);
  if (error == nullptr) {
    record.state = Record::State::Sent;
    record.lane = lane;
    return true;
  }
  const rd_kafka_resp_err_t code = ::rd_kafka_error_code(error);
  ::rd_kafka_error_destroy(error);
  if (headers != nullptr) ::rd_kafka_headers_destroy(headers);  // Ours again.
  return take_refusal(record, code);
}

/// False where the record has to wait.
bool Producer::take_refusal(Record& record, rd_kafka_resp_err_t code) {
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL || code == RD_KAFKA_RESP_ERR__FATAL) return false;
  events_.on_failure(record, code, true);
  return record.state != Record::State::Waiting;
}

void Producer::serve(std::chrono::milliseconds budget) {
  int wait = static_cast<int>(budget.count());
  while (rd_kafka_event_t* const event = ::rd_kafka_queue_poll(queue_, wait)) {
    take(event);
    ::rd_kafka_event_destroy(event);
    wait = 0;
  }
  if (uncounted_ != nullptr) count_partitions(*std::exchange(uncounted_, nullptr));
}

void Producer::take(rd_kafka_event_t* event) {
  switch (::rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_DR:
      take_answers(event);
      break;
    case RD_KAFKA_EVENT_ERROR:
      events_.on_error(::rd_kafka_event_error(event), ::rd_kafka_event_error_string(event));
      break;
    case RD_KAFKA_EVENT_STATS:
      events_.on_statistics(::rd_kafka_event_stats(event));
      break;
    case RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH:
      refresh_token();
      break;
    default:
      break;
  }
}

void Producer::take_answers(rd_kafka_event_t* event) {
  const SteadyTime now = steady_now();
  std::array<const rd_kafka_message_t*, kAnswersTogether> answers;
  std::size_t count = answers.size();
  while (count == answers.size()) {
    count = ::rd_kafka_event_message_array(event, answers.data(), answers.size());
    for (std::size_t i = 0; i < count; ++i) {
      Record& record = *static_cast<Record*>(answers[i]->_private);
      const bool is_delivered = answers[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR;
      if (record.lane != Record::kNoLane) {
        Topic& from = used_[record.topic];
        const std::int32_t partition = answers[i]->partition;
        const bool is_lane = partition >= 0 && partition < Record::kNoLane;
        const std::uint16_t lane = std::exchange(
            record.lane, is_lane ? static_cast<std::uint16_t>(partition) : Record::kNoLane);
        from.lanes.answered(lane, is_delivered ? record.lane : Record::kNoLane);
        if (!from.lanes.knows_partitions() || now - from.counted_at > kRecountEvery) {
          uncounted_ = &from;
        }
      }
      if (!is_delivered) {
        events_.on_failure(record, answers[i]->err, false);
        continue;
      }
      RecordBatch& batch = *record.batch;
      batch.delivered(record);
      if (batch.unanswered() == 0) events_.on_batch_done(batch);
    }
  }
}

/// Asked once the brokers have answered for the topic: then they know it, and this is quick.
void Producer::count_partitions(Topic& topic) {
  constexpr int kPatienceMs = 1000;
  const struct rd_kafka_metadata* metadata = nullptr;
  if (::rd_kafka_metadata(client_.get(), 0, topic.handle, &metadata, kPatienceMs) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return;  // Another time.
  }
  topic.counted_at = steady_now();
  if (metadata->topic_cnt == 1) {
    topic.lanes.set_partitions(static_cast<std::size_t>(metadata->topics[0].partition_cnt));
  }
  ::rd_kafka_metadata_destroy(metadata);
}

void Producer::refresh_token() {
  const std::string why = set_kafka_token(client_.get(), token_file_);
  if (!why.empty()) events_.on_error(RD_KAFKA_RESP_ERR__AUTHENTICATION, why);
}

}  // namespace weir::kafka
