#pragma once

// Rig: a collector on an io_context that the test runs itself, and Lanes that remember all they
// get.
//
// Threads: the test's.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "router/bench/collect/collector.hpp"
#include "tests/support/await.hpp"

namespace weir::bench {

class RecordingLane final : public Lane {
 public:
  void bytes(std::string_view bytes, std::int64_t received_ns) override;
  void record(std::string_view bytes, std::int64_t received_ns) override;
  void end() override;

  std::string text;
  std::vector<std::string> records;
  int ends = 0;
  int calls_after_end = 0;
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
};

class RecordingLanes final : public Lanes {
 public:
  Lane& lane(const std::string& name) override { return lanes[name]; }

  std::map<std::string, RecordingLane> lanes;
};

class Rig {
 public:
  explicit Rig(const std::string& url);

  /// Makes the collector itself: `make` is given the io_context and the lanes.
  template <std::invocable<boost::asio::io_context&, Lanes&> Make>
  explicit Rig(Make make) : collector_(make(io_, lanes_)) {
    collector_->start();
  }

  /// Runs what waits until `condition()` is true; false where it does not come true.
  template <class Condition>
  bool until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + test::kPatience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  /// True as soon as the lane `name` has had just `text`.
  bool awaits(const std::string& name, std::string_view text) {
    return until([&] { return lanes_.lanes[name].text == text; });
  }

  /// What has happened by now is dealt with, and the collector has looked around twice.
  void settle();

  RecordingLane& lane(const std::string& name) { return lanes_.lanes[name]; }
  std::size_t lane_count() const { return lanes_.lanes.size(); }
  Collector& collector() { return *collector_; }
  void finish() { collector_->finish(); }

  /// The port of address().
  std::uint16_t port() const;

 private:
  boost::asio::io_context io_{1};
  RecordingLanes lanes_;
  std::unique_ptr<Collector> collector_;
};

/// "NAME 0\n" to "NAME 9\n".
std::string numbered_lines(std::string_view name, int from, int to);

void append(const std::string& path, std::string_view text);

}  // namespace weir::bench
