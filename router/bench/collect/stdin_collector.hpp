#pragma once

// StdinCollector: standard input (or a pipe, a terminal, a file in its place) as the lane `stdin`.
//
// Threads: the io_context's one.

#include <memory>
#include <optional>
#include <string>

#include "router/bench/collect/collector.hpp"
#include "router/bench/collect/lane_reader.hpp"

namespace weir::bench {

class StdinCollector final : public Collector {
 public:
  /// Reads from `input` without blocking, and sets that back in the end: others, such as a shell,
  /// may share it.
  StdinCollector(boost::asio::io_context& io, Fd input, Lanes& lanes);
  ~StdinCollector() override;
  StdinCollector(const StdinCollector&) = delete;
  StdinCollector& operator=(const StdinCollector&) = delete;

  std::string address() const override { return ""; }
  void start() override;
  void finish() override;

 private:
  void close();

  int flags_before_;
  std::unique_ptr<char[]> room_;
  std::optional<LaneReader> reader_;  // Until the end of the input.
};

}  // namespace weir::bench
