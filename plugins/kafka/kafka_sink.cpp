#include "plugins/kafka/kafka_sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "plugins/kafka/failure.hpp"
#include "router/kafka/kafka_error.hpp"

namespace weir::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Bytes are what bounds them: half of the sink's buffer.
constexpr std::size_t kDeliveriesMax = 8192;

/// How long a producer that is done for may wait for brokers to answer what was sent.
constexpr seconds kAnswerPatience{2};
constexpr seconds kPurgePatience{5};

/// Between two producers, twice as long each time.
constexpr milliseconds kBackoffMin{50};
constexpr milliseconds kBackoffMax{10'000};

/// Brokers that are there but confirm nothing for so long: something is stuck.
constexpr seconds kStuck{30};

constexpr std::size_t kSetBytesMin = 16 * 1024;
constexpr seconds kTellEvery{10};

}  // namespace

KafkaSink::KafkaSink(KafkaSinkParts parts, SinkContext& context)
    : parts_(std::move(parts)), context_(context) {}

KafkaSink::~KafkaSink() {
  producer_.reset();  // It looks at what is pending.
}

SinkTraits KafkaSink::traits() const noexcept { return {.deliveries_max = kDeliveriesMax}; }

Result<void> KafkaSink::open() {
  if (producer_ != nullptr || phase_ == Phase::Pausing) return {};
  return start_producer();
}

Result<void> KafkaSink::start_producer() {
  const bool together = mode_ == Mode::Together;
  producer_mode_ = mode_;
  parts_.client.change("batch.size", std::to_string(parts_.set_bytes_max));
  parts_.client.change("batch.num.messages", together ? "100000" : "1");
  // One that is refused leaves a gap between those before and behind it. Together, that has to stop
  // the producer before it goes on behind; one by one, it is what was looked for.
  if (parts_.is_idempotent) {
    parts_.client.change("enable.gapless.guarantee", together ? "true" : "false");
  }
  std::string why;
  KafkaHandle client = parts_.client.new_client(RD_KAFKA_PRODUCER, why, Producer::prepare);
  if (client == nullptr) {
    errors_ = why;
    return kafka_error(RD_KAFKA_RESP_ERR__FAIL);
  }
  ProducerEvents& events = *this;
  producer_ = std::make_unique<Producer>(std::move(client), parts_.topics, parts_.fields,
                                         parts_.set_bytes_max, parts_.client.token_file(), events);
  return {};
}

void KafkaSink::write(Delivery delivery) {
  if (pending_.empty()) last_progress_ = steady_now();
  pending_.push_back(parts_.maker.make(std::move(delivery), parts_.topics));
  if (pending_.back()->unanswered() == 0) settle(*pending_.back());
  hand_over();
}

/// Hands records over in their order until librdkafka has no room.
void KafkaSink::hand_over() {
  if (phase_ != Phase::Running || producer_ == nullptr) return;
  while (handing_over_ < pending_.size()) {
    // What came later has to wait until the producer sends together again.
    if (mode_ == Mode::OneByOne && handing_over_ >= one_by_one_left_) return;
    RecordBatch* const batch = pending_[handing_over_].get();
    if (batch != nullptr && !producer_->produce(*batch)) break;
    if (phase_ != Phase::Running) break;
    ++handing_over_;
    if (batch != nullptr && batch->unanswered() == 0) settle(*batch);
  }
  producer_->end_of_turn();
}

void KafkaSink::poll(milliseconds budget) {
  if (producer_ != nullptr) {
    producer_->serve(budget);
  } else if (phase_ == Phase::Pausing) {
    std::this_thread::sleep_until(std::min(resume_at_, steady_now() + budget));
  }
  if (phase_ != Phase::Running) {
    go_on_replacing();
  } else if (mode_ == Mode::OneByOne && one_by_one_left_ == 0) {
    leave_one_by_one();
  }
  hand_over();
}

void KafkaSink::on_batch_done(RecordBatch& batch) {
  last_progress_ = steady_now();
  backoff_ = milliseconds(0);
  is_cut_off_ = false;
  settle(batch);
}

void KafkaSink::on_failure(Record& record, rd_kafka_resp_err_t code, bool refused_here) {
  record.state = Record::State::Waiting;
  const auto reason = lasting_reason(code);
  // In particular what was purged; and a partition that is gone, as the topic was made again.
  const bool is_gone = code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
  if (is_gone) forgets_partitions_ = true;
  if (!reason || is_gone) return begin_replacing(mode_);
  const bool alone = refused_here || producer_mode_ == Mode::OneByOne;
  const bool may_be_another = concerns_the_set(code) && !alone;
  if (may_be_another) return begin_replacing(Mode::OneByOne);
  found_culprit_ = found_culprit_ || producer_mode_ == Mode::OneByOne;
  record.batch->reject(record, *reason);
  tell_rejection(*reason, code);
  // One that is just being handed over is settled after that.
  if (record.batch->unanswered() == 0 && !refused_here) settle(*record.batch);
}

void KafkaSink::tell_rejection(Reason reason, rd_kafka_resp_err_t code) {
  SteadyTime& told = told_[static_cast<std::size_t>(reason)];
  const SteadyTime now = steady_now();
  if (told != SteadyTime{} && now - told < kTellEvery) return;
  told = now;
  context_.log_warning(
      fmt::format("events are rejected ({}): {}", to_string(reason), kafka_error(code).message()));
}

/// The batch goes; so do those in front that only waited for it.
void KafkaSink::settle(RecordBatch& batch) {
  batch.settle();
  const auto found =
      std::find_if(pending_.begin(), pending_.end(),
                   [&](const std::unique_ptr<RecordBatch>& each) { return each.get() == &batch; });
  found->reset();
  while (!pending_.empty() && pending_.front() == nullptr) {
    pending_.pop_front();
    if (handing_over_ > 0) --handing_over_;
    if (one_by_one_left_ > 0) --one_by_one_left_;
  }
}

void KafkaSink::on_error(rd_kafka_resp_err_t code, std::string_view what) {
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    begin_replacing(mode_);
    return;
  }
  // One broker of several is no trouble yet.
  is_cut_off_ = is_cut_off_ || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
                code == RD_KAFKA_RESP_ERR__AUTHENTICATION;
  if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) errors_ = what;
  error_at_ = steady_now();
}

void KafkaSink::on_statistics(std::string_view json) {
  const bool is_connected = parts_.metrics->take(json);
  if (is_connected) is_cut_off_ = false;
}

/// From here on the producer is handed nothing, and makes way for one that sends as `next` says.
void KafkaSink::begin_replacing(Mode next) {
  if (next == Mode::OneByOne) mode_ = next;
  if (phase_ != Phase::Running) return;
  phase_ = Phase::Emptying;
  phase_began_ = steady_now();
  parts_.metrics->count_replacement();
  producer_->purge(false);
}

void KafkaSink::go_on_replacing() {
  const SteadyTime now = steady_now();
  if (phase_ == Phase::Emptying) {
    const auto waited = now - phase_began_;
    if (producer_->unanswered() != 0 && waited < kPurgePatience) {
      if (waited >= kAnswerPatience) producer_->purge(true);
      return;
    }
    producer_.reset();
    phase_ = Phase::Pausing;
    resume_at_ = now + backoff_;
    backoff_ = std::clamp(backoff_ * 2, kBackoffMin, kBackoffMax);
  }
  if (now >= resume_at_) replace();
}

/// A new producer, for all that is unanswered. What was sent before goes to the same partitions, as
/// what came later may be in others already.
void KafkaSink::replace() {
  for (const auto& batch : pending_) {
    if (batch == nullptr) continue;
    batch->next = 0;
    for (Record& record : batch->records()) {
      // The producer was destroyed before it had answered.
      if (record.state == Record::State::Sent) record.state = Record::State::Waiting;
      if (forgets_partitions_) record.lane = Record::kNoLane;
    }
  }
  forgets_partitions_ = false;
  if (mode_ == Mode::OneByOne) one_by_one_left_ = std::max(one_by_one_left_, handing_over_ + 1);
  one_by_one_left_ = std::min(one_by_one_left_, pending_.size());
  handing_over_ = 0;
  if (!start_producer()) {
    resume_at_ = steady_now() + kBackoffMax;
    return;
  }
  phase_ = Phase::Running;
}

/// All that was refused as a set is answered. Where no single record was to blame, the set was too
/// large for the topic, and the next ones will be smaller.
void KafkaSink::leave_one_by_one() {
  if (!std::exchange(found_culprit_, false) && parts_.set_bytes_max > kSetBytesMin) {
    parts_.set_bytes_max = std::max(parts_.set_bytes_max / 2, kSetBytesMin);
    context_.log_warning(fmt::format(
        "the topic takes smaller sets of records than batch_bytes: from here on {} bytes",
        parts_.set_bytes_max));
  }
  mode_ = Mode::Together;
  begin_replacing(mode_);
}

std::string KafkaSink::trouble() const {
  // An idle producer does not look again by itself: nothing is known of brokers after a while.
  const bool is_known = !pending_.empty() || steady_now() - error_at_ < kStuck;
  if (is_cut_off_ && is_known) return "no broker can be reached: " + errors_;
  if (!pending_.empty() && steady_now() - last_progress_ > kStuck) {
    return fmt::format("brokers are there, but have confirmed nothing for more than {} s",
                       kStuck.count());
  }
  return {};
}

void KafkaSink::close(SteadyTime deadline) noexcept {
  constexpr milliseconds kTurn{20};
  while (!pending_.empty() && steady_now() < deadline) poll(kTurn);
  if (producer_ != nullptr && !pending_.empty()) {
    producer_->purge(true);
    producer_->serve(milliseconds(0));
  }
  producer_.reset();  // From here on librdkafka looks at nothing of ours.
  while (!pending_.empty()) {
    if (pending_.front() != nullptr)
      pending_.front()->give_up(kafka_error(RD_KAFKA_RESP_ERR__TIMED_OUT));
    pending_.pop_front();
  }
}

}  // namespace weir::kafka
