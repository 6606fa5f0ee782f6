#include "router/ingest/feed_source.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <cstring>
#include <mutex>
#include <utility>

#include "router/base/limits.hpp"

namespace weir {
namespace {

using std::chrono::milliseconds;

/// Records of one origin that are taken together where nobody asks for each.
constexpr std::size_t kRecordsTogether = 4096;

/// How often it is looked whether the sinks have answered for the last ones.
constexpr milliseconds kLookForEnd{10};

}  // namespace

/// Where answers wait, from whatever thread they come.
class FeedSource::Answers {
 public:
  struct Answer {
    std::uint64_t id;
    bool delivered;
  };
  void put(Answer answer) noexcept {
    const std::lock_guard lock(mutex_);
    answers_.push_back(answer);
  }
  std::vector<Answer> take() noexcept {
    const std::lock_guard lock(mutex_);
    return std::exchange(answers_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<Answer> answers_;
};

class FeedSource::RecordReceipt final : public Receipt {
 public:
  RecordReceipt(std::shared_ptr<Answers> answers, std::uint64_t id)
      : answers_(std::move(answers)), id_(id) {}
  void refused(Reason, std::uint64_t) noexcept override { refused_ = true; }

 private:
  void settled(bool whole) noexcept override {
    answers_->put({.id = id_, .delivered = whole && !refused_});
    delete this;
  }

  const std::shared_ptr<Answers> answers_;
  const std::uint64_t id_;
  std::atomic<bool> refused_{false};
};

FeedSource::FeedSource(boost::asio::io_context& io, std::shared_ptr<RecordFeed> feed,
                       SourceAccount& account, Intake& intake, std::function<void()> on_end)
    : io_(io),
      feed_(std::move(feed)),
      account_(account),
      intake_(intake),
      on_end_(std::move(on_end)),
      timer_(io),
      pacer_(feed_->rate()),
      records_together_(feed_->wants_answers() ? 1 : kRecordsTogether),
      answers_(std::make_shared<Answers>()) {}

FeedSource::~FeedSource() = default;

void FeedSource::ask_for_turn() {
  boost::asio::post(io_, [this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) turn();
  });
}

void FeedSource::wait(milliseconds time) {
  timer_.expires_after(time);
  timer_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
    if (!error && !alive.expired()) turn();
  });
}

/// Reads until the feed has no more, the gate is closed, or it is the others' turn.
void FeedSource::turn() {
  take_answers();
  std::size_t bytes = 0;
  while (bytes < limits::kTurnBytesMax) {
    if (stopped_) return;
    if (!intake_.gate().open()) {
      intake_.gate().wait([this, alive = std::weak_ptr(alive_)] {
        if (!alive.expired()) turn();
      });
      return;
    }
    if (!has_record_ && !fetch()) break;
    const std::uint64_t allowed = pacer_.allowed(steady_now());
    if (allowed == 0) return wait(pacer_.wait());
    read_some(allowed, bytes);
  }
  if (feed_ended_ && !has_record_) {
    look_for_end();
  } else {
    ask_for_turn();
  }
}

/// False: there is none now.
bool FeedSource::fetch() {
  if (feed_ended_) return false;
  const RecordFeed::Next next = feed_->next(record_);
  has_record_ = next == RecordFeed::Next::Record;
  feed_ended_ = next == RecordFeed::Next::End;
  return has_record_;
}

bool FeedSource::goes_with(const RecordFeed::Record& first) const noexcept {
  return record_.source == first.source && record_.received_ns == first.received_ns &&
         record_.peer == first.peer;
}

/// Copies records of one origin into the block. Where there is no room for the first of them, the
/// gate is closed afterwards.
void FeedSource::read_some(std::uint64_t allowed, std::size_t& bytes) {
  if (!intake_.reserve(record_.bytes.size() + 1)) return;
  const RecordFeed::Record first = record_;
  BlockCursor& cursor = intake_.cursor();
  const std::size_t room =
      std::max(std::min(cursor.room(), intake_.read_bytes_max()), record_.bytes.size() + 1);
  char* const begin = cursor.data();
  std::size_t used = 0;
  frames_.clear();
  const std::size_t count_max = std::min<std::uint64_t>(allowed, records_together_);
  while (has_record_ && frames_.size() < count_max && goes_with(first)) {
    const std::size_t size = record_.bytes.size();
    if (size + 1 > room - used) break;
    char* const to = begin + used;
    if (size != 0) std::memcpy(to, record_.bytes.data(), size);
    to[size] = '\n';
    frames_.push_back({to, static_cast<std::uint32_t>(size), record_.truncated, true});
    used += size + 1;
    fetch();
  }
  cursor.consume(used);
  bytes += used;
  pacer_.take(frames_.size());
  account_.pending.received_bytes += used;
  ++unanswered_;
  intake_.take(account_, frames_,
               Origin{.source = first.source,
                      .received_ns = first.received_ns,
                      .peer = first.peer,
                      .receipt = ReceiptRef(new RecordReceipt(answers_, first.id))});
}

void FeedSource::take_answers() noexcept {
  for (const Answers::Answer& answer : answers_->take()) {
    --unanswered_;
    feed_->answered(answer.id, answer.delivered);
  }
}

void FeedSource::look_for_end() {
  if (unanswered_ != 0) return wait(kLookForEnd);
  if (on_end_) std::exchange(on_end_, {})();
}

}  // namespace weir
