#pragma once

// HttpUnit: the events of one request on their way to the sinks, and what becomes of them; and
// HttpOutbox, where the answers wait for the shard. Sinks settle on whatever thread they have; the
// key of the request is then confirmed, and once that is on disk, the connection is told: on its
// shard, or on the control thread once the shard has ended.
//
// Threads: as said with each function. Both may outlive the source.

#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "router/base/clock.hpp"
#include "router/base/receipt.hpp"
#include "router/ingest/seen_keys.hpp"
#include "router/ingest/shard_mail.hpp"

namespace weir {

class HttpUnit;

class HttpOutbox {
 public:
  explicit HttpOutbox(boost::asio::io_context& io);

  /// The shard will not run any more: nothing is posted to it.
  void close() noexcept { done_->close(); }

  /// Units whose outcome is not known. Any thread.
  std::size_t underway() const;

 private:
  friend class HttpUnit;
  void deliver();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t underway_ = 0;
  const std::shared_ptr<ShardMail<std::shared_ptr<HttpUnit>>> done_;  // For the shard to look at.
};

class HttpUnit : public std::enable_shared_from_this<HttpUnit> {
 public:
  enum class Outcome : std::uint8_t {
    Underway,
    Acknowledged,  ///< By all sinks, and its key, if it has one, is as durable as that.
    GivenUp,       ///< Some events will not reach their sinks.
    KeyNotSaved,   ///< All sinks have acknowledged, but the disk has failed.
  };

  /// `keys` may be gone before it; `key` is "" where it has none.
  HttpUnit(std::shared_ptr<HttpOutbox> outbox, std::weak_ptr<SeenKeys> keys, std::string key);
  ~HttpUnit();

  /// For Intake::take(), and to be held until the last take. Called once.
  ReceiptRef begin(Ack ack);

  /// All is taken, which is all that `ack` asks for: as if the sinks had answered. Instead of
  /// begin().
  void settle_received();

  /// The key was taken before, but not saved: saves it. `refused_in_part`: as SeenKeys has it.
  /// Instead of begin().
  void save_key(bool refused_in_part);

  /// Nothing of it was taken, so that its key is as one that never came. On the shard, before the
  /// receipt is let go.
  void note_nothing_taken() noexcept { nothing_taken_ = true; }

  /// Some of it was not taken: its key is to say so. On the shard, as note_nothing_taken().
  void note_refused_in_part() noexcept { refused_in_part_ = true; }
  bool refused_in_part() const noexcept { return refused_in_part_; }

  /// On the shard's thread, when the outcome is known. Set on the same.
  std::function<void()> on_outcome;

  Outcome outcome() const;

  /// Waits for the outcome. Any thread.
  Outcome await_outcome(SteadyTime deadline) const;

  /// What sinks have refused of it.
  ReasonCounts undelivered() const;

  /// Why its key was not saved.
  ErrorCode key_error() const;

 private:
  class OwnReceipt;
  void settled(bool whole);
  void confirm_key();
  void finish(Outcome outcome, ErrorCode key_error = {});

  const std::shared_ptr<HttpOutbox> outbox_;
  const std::weak_ptr<SeenKeys> keys_;
  const std::string key_;
  bool nothing_taken_ = false;
  bool refused_in_part_ = false;
  Outcome outcome_ = Outcome::Underway;  // Under the outbox's mutex, as the next.
  ReasonCounts undelivered_;
  ErrorCode key_error_;
};

}  // namespace weir
