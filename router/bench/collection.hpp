#pragma once

// Collection: the collectors of a run and the verifier behind them, on a thread of their own.
//
// Threads: made, asked and ended on one thread; reads on its own.

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "router/bench/collect/collector.hpp"
#include "router/bench/verify/verifier.hpp"

namespace weir::bench {

class Collection {
 public:
  /// Listens, or looks out for the files, at once. Throws ConfigError, also where two of `urls`
  /// collect the same.
  Collection(const std::vector<std::string>& urls, std::uint16_t run);
  ~Collection();

  /// Bytes so far, whatever they are.
  std::uint64_t received_bytes() const noexcept;

  /// Lanes that are compressed files, of which nothing was read. After finish().
  std::vector<std::string> compressed() const;

  /// Distinct events so far.
  std::uint64_t seen() const noexcept { return verifier_.seen(); }

  /// Reads what is there by now and stops. To be called once, before verdict().
  void finish();

  /// That the kernel threw away because this process was late. After finish().
  std::uint64_t datagrams_dropped() const;

  Verdict verdict(const std::map<std::uint32_t, std::uint64_t>& issued) const {
    return verifier_.verdict(issued);
  }

 private:
  class CountedLane;
  class CountedLanes;
  void join();

  Verifier verifier_;
  std::unique_ptr<CountedLanes> lanes_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<std::unique_ptr<Collector>> collectors_;
  std::thread thread_;
};

}  // namespace weir::bench
