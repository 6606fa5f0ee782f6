#pragma once

// FeedSource: the part of a `feed` source: takes records from a RecordFeed as fast as the sinks
// take them, or as the feed's rate says, and ends by itself: when the feed has no more and the
// sinks have answered for all. Their origins (source, time, peer) go on with them.
//
// Threads: its shard's; conclude() on the control thread once that has ended.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "router/ingest/intake.hpp"
#include "router/ingest/pacer.hpp"
#include "router/ingest/record_feed.hpp"
#include "router/ingest/source.hpp"

namespace weir {

class FeedSource final : public Source {
 public:
  /// `on_end` runs once. All but `feed` outlive it.
  FeedSource(boost::asio::io_context& io, std::shared_ptr<RecordFeed> feed, SourceAccount& account,
             Intake& intake, std::function<void()> on_end);
  ~FeedSource() override;

  void start() override { ask_for_turn(); }
  void stop_accepting() override { stopped_ = true; }
  /// What was read is in the sinks' hands: nothing more is waited for here.
  bool close_quiet(SteadyTime, std::chrono::milliseconds) override { return stopped_; }
  void tick(SteadyTime) override {}
  void conclude(SteadyTime) noexcept override { take_answers(); }

 private:
  class Answers;
  class RecordReceipt;

  void ask_for_turn();
  void wait(std::chrono::milliseconds time);
  void turn();
  bool fetch();
  void read_some(std::uint64_t allowed, std::size_t& bytes);
  bool goes_with(const RecordFeed::Record& first) const noexcept;
  void take_answers() noexcept;
  void look_for_end();

  boost::asio::io_context& io_;
  const std::shared_ptr<RecordFeed> feed_;
  SourceAccount& account_;
  Intake& intake_;
  std::function<void()> on_end_;
  boost::asio::steady_timer timer_;
  Pacer pacer_;
  const std::size_t records_together_;
  std::vector<Frame> frames_;
  RecordFeed::Record record_;  // The next one, if has_record_.
  bool has_record_ = false;
  bool feed_ended_ = false;
  bool stopped_ = false;
  const std::shared_ptr<Answers> answers_;
  std::uint64_t unanswered_ = 0;  // Receipts.

  std::shared_ptr<char> alive_ = std::make_shared<char>();  // What waits for us looks at it.
};

}  // namespace weir
