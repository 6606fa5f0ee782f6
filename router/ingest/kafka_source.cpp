#include "router/ingest/kafka_source.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstring>
#include <utility>

#include "router/base/limits.hpp"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Records that are taken from librdkafka at once.
constexpr std::size_t kRecordsTogether = 1000;

/// A larger one is no log record: not even the end of it is looked for.
constexpr std::size_t kRecordBytesMax = 2 * limits::kEventBytesCeiling;

/// What a record counts in a turn beside its bytes: it may have none.
constexpr std::size_t kRecordOverheadBytes = 64;

/// How often answers are looked at, and librdkafka is asked even where nothing wakes us.
constexpr milliseconds kInterval{100};

/// Backpressure that lasts so long is no hiccup: partitions are paused.
constexpr seconds kPauseAfter{1};

/// Until a consumer that could not be made, or failed, is made anew.
constexpr seconds kOpenAgain{1};

}  // namespace

KafkaSource::KafkaSource(boost::asio::io_context& io,
                         std::shared_ptr<const KafkaSourceOptions> options, std::size_t shard,
                         SourceAccount& account, Intake& intake, Log& log)
    : io_(io),
      options_(std::move(options)),
      account_(account),
      intake_(intake),
      log_(log),
      framer_(
          make_framer(Framing::Newline, account.options.max_event_bytes, account.options.oversize)),
      wake_(io, ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      timer_(io),
      metrics_(account.options.name, shard) {}

KafkaSource::~KafkaSource() { drop_records(); }

void KafkaSource::start() {
  open();
  wait_for_records();
  wait_for_timer();
}

void KafkaSource::open() {
  end_consumer(steady_now() + kOpenAgain);  // Else the group would wait for it.
  topic_ = nullptr;
  tracker_.clear();
  opened_at_turn_ = turn_;
  consumer_ =
      std::make_unique<KafkaConsumer>(*options_, account_.options.name, tracker_, metrics_, log_);
  const std::string why = consumer_->open(wake_.native_handle());
  if (why.empty()) return;
  log_.warn(account_.options.name, "cannot make a consumer; tries again", {{"cause", why}});
  consumer_.reset();
  open_again_ = steady_now() + kOpenAgain;
}

void KafkaSource::wait_for_records() {
  wake_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                   [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
                     if (error || alive.expired()) return;
                     std::uint64_t count = 0;
                     [[maybe_unused]] const auto taken =
                         ::read(wake_.native_handle(), &count, sizeof count);
                     on_records();
                     wait_for_records();
                   });
}

void KafkaSource::wait_for_timer() {
  timer_.expires_after(kInterval);
  timer_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
    if (error || alive.expired()) return;
    on_timer();
    wait_for_timer();
  });
}

void KafkaSource::on_timer() {
  const SteadyTime now = steady_now();
  if (consumer_ == nullptr || consumer_->failed()) {
    if (stopped_ || now < open_again_) return;
    open_again_ = now + kOpenAgain;
    open();
    return;
  }
  take_answers();
  if (consumer_ == nullptr) return;
  consumer_->settle(now);
  if (waits_at_gate_ && now - gate_closed_at_ > kPauseAfter) consumer_->set_paused(true);
  // While they are paused nothing comes; the group wants to hear of us all the same.
  if (consumer_->paused()) fetch();
  if (stopped_) drop_records();
  on_records();
}

/// Reads what has come, until that is all, the gate is closed, or it is the others' turn.
void KafkaSource::on_records() {
  if (is_posted_ || waits_at_gate_ || stopped_ || consumer_ == nullptr) return;
  std::size_t bytes = 0;
  while (bytes < limits::kTurnBytesMax) {
    if (consumer_->failed()) return;  // The timer sees to it.
    if (!intake_.gate().open()) return stop_at_gate();
    if (!has_records() && !fetch()) return;
    if (has_records()) read_turn(bytes);
  }
  is_posted_ = true;
  boost::asio::post(io_, [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    is_posted_ = false;
    take_answers();
    on_records();
  });
}

void KafkaSource::stop_at_gate() {
  waits_at_gate_ = true;
  gate_closed_at_ = steady_now();
  intake_.gate().wait([this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    waits_at_gate_ = false;
    if (consumer_ != nullptr && !stopped_) consumer_->set_paused(false);
    on_records();
  });
}

/// Takes new records from librdkafka, behind those in hand. False where there are none.
bool KafkaSource::fetch() {
  records_.erase(records_.begin(), records_.begin() + static_cast<std::ptrdiff_t>(next_record_));
  next_record_ = 0;
  const std::size_t in_hand = records_.size();
  const std::uint64_t revocations = consumer_->revocations();
  records_.resize(in_hand + kRecordsTogether);
  records_.resize(in_hand + consumer_->take(std::span(records_).subspan(in_hand)));
  topic_ = nullptr;  // Partitions may have come and gone meanwhile.
  if (consumer_->revocations() != revocations) drop_lost_records();
  return has_records();
}

/// Those of partitions that are not ours any more: should we get them back, they come again.
void KafkaSource::drop_lost_records() {
  std::erase_if(records_, [this](rd_kafka_message_t* record) {
    const char* const topic = ::rd_kafka_topic_name(record->rkt);
    if (tracker_.find(topic, record->partition)) return false;
    ::rd_kafka_message_destroy(record);
    return true;
  });
}

void KafkaSource::drop_records() noexcept {
  for (; has_records(); ++next_record_) ::rd_kafka_message_destroy(records_[next_record_]);
  records_.clear();
  next_record_ = 0;
}

/// Copies as many records as fit one read. Where there is no room for the first of them, the gate
/// is closed afterwards.
void KafkaSource::read_turn(std::size_t& bytes) {
  const rd_kafka_message_t& first = *records_[next_record_];
  const bool is_too_large = first.len > kRecordBytesMax;
  if (!intake_.reserve(is_too_large ? 1 : first.len + 1)) return;
  BlockCursor& cursor = intake_.cursor();
  const std::size_t one_read = std::min(cursor.room(), intake_.read_bytes_max());
  const std::size_t room = is_too_large ? one_read : std::max(one_read, first.len + 1);
  char* const begin = cursor.data();
  char* at = begin;
  std::vector<OffsetTracker::Span> spans;
  std::size_t handled = 0;
  frames_.clear();
  for (; has_records(); ++next_record_) {
    rd_kafka_message_t* const record = records_[next_record_];
    prefetch_next();
    const auto used = static_cast<std::size_t>(at - begin);
    const bool fits = record->len + 1 <= room - used;
    if (!fits && record->len <= kRecordBytesMax) break;
    if (const auto slot = slot_if_fresh(*record)) {
      if (record->len > kRecordBytesMax) {
        ++account_.pending.dropped[Reason::Oversize];
      } else if (record->len != 0) {
        at += copy(*record, at);
      }
      note({.slot = *slot, .next = record->offset + 1}, spans);
    }
    ::rd_kafka_message_destroy(record);
    ++handled;
  }
  const auto used = static_cast<std::size_t>(at - begin);
  bytes += used + handled * kRecordOverheadBytes;
  cursor.consume(used);
  take_frames(std::move(spans));
}

/// Both lie where librdkafka's thread put them, far from here.
void KafkaSource::prefetch_next() const noexcept {
  if (next_record_ + 2 >= records_.size()) return;
  __builtin_prefetch(records_[next_record_ + 2]);
  __builtin_prefetch(records_[next_record_ + 1]->payload);
}

/// Copies the record to `to`, finds its lines there, and returns the bytes that it takes.
std::size_t KafkaSource::copy(const rd_kafka_message_t& record, char* to) {
  std::memcpy(to, record.payload, record.len);
  account_.pending.received_bytes += record.len;
  const bool has_newline = to[record.len - 1] == '\n';
  const std::size_t size = has_newline ? record.len - 1 : record.len;
  to[size] = '\n';
  const bool is_one_line = size - 1 < account_.options.max_event_bytes && to[size - 1] != '\r' &&
                           std::memchr(to, '\n', size) == nullptr;
  if (is_one_line) [[likely]] {
    frames_.push_back({to, static_cast<std::uint32_t>(size), false, true});
  } else {
    FramerState state;
    framer_->find({to, size + 1}, state, frames_, account_.pending.dropped);
  }
  return size + 1;
}

/// The partition's slot where we read it, and have not read the record before.
std::optional<OffsetTracker::Slot> KafkaSource::slot_if_fresh(const rd_kafka_message_t& record) {
  if (record.rkt != topic_ || record.partition != partition_) {
    topic_ = record.rkt;
    partition_ = record.partition;
    slot_ = tracker_.find(::rd_kafka_topic_name(record.rkt), record.partition);
    position_ = slot_ ? &tracker_.position(*slot_) : nullptr;
  }
  if (position_ == nullptr || !position_->take(record.offset)) return {};
  return slot_;
}

void KafkaSource::note(const OffsetTracker::Span& read, std::vector<OffsetTracker::Span>& spans) {
  if (!spans.empty() && spans.back().slot == read.slot) {
    spans.back().next = read.next;
    return;
  }
  const auto known = std::find_if(spans.begin(), spans.end(),
                                  [&](const auto& span) { return span.slot == read.slot; });
  if (known == spans.end()) {
    spans.push_back(read);
  } else {
    known->next = read.next;
  }
}

void KafkaSource::take_frames(std::vector<OffsetTracker::Span> spans) {
  if (spans.empty()) return;
  const std::uint64_t turn = ++turn_;
  for (const OffsetTracker::Span& span : spans) tracker_.read(turn, span);
  intake_.take(account_, frames_, Peer{}, receipts_.begin(turn, std::move(spans)));
}

void KafkaSource::take_answers() {
  for (const TurnReceipts::Answer& answer : receipts_.take()) {
    if (answer.turn <= opened_at_turn_) continue;  // A consumer's before this one.
    if (answer.whole) {
      tracker_.answered(answer.turn, answer.spans);
    } else if (stopped_) {
      gave_up_ = true;
    } else {
      // A sink that a reload took away could not deliver it. From the last commit on, then.
      log_.warn(account_.options.name, "events were given up by a sink; they are read again");
      open();
      return;
    }
  }
}

void KafkaSource::tick(SteadyTime) {
  const std::string trouble =
      consumer_ == nullptr ? "cannot make a consumer" : consumer_->trouble();
  if (trouble == shown_trouble_) return;
  shown_trouble_ = trouble;
  intake_.set_trouble(account_, trouble);
}

void KafkaSource::stop_accepting() {
  stopped_ = true;
  drop_records();
  if (consumer_ != nullptr) consumer_->set_paused(true);
}

/// Nothing is read any more; what is on its way to the sinks is waited for by conclude().
bool KafkaSource::close_quiet(SteadyTime, milliseconds) { return stopped_; }

bool KafkaSource::leave(SteadyTime now) {
  if (consumer_ == nullptr) return true;
  take_answers();
  consumer_->settle(now);
  return (tracker_.all_clear() || gave_up_) && consumer_->close();
}

void KafkaSource::conclude(SteadyTime deadline) noexcept {
  if (consumer_ == nullptr) return;
  take_answers();
  end_consumer(deadline);
}

void KafkaSource::end_consumer(SteadyTime deadline) {
  drop_records();  // They hold the connections' threads, for which destroying waits.
  while (consumer_ != nullptr && !consumer_->close() && steady_now() < deadline) {
  }
  consumer_.reset();
}

}  // namespace weir
