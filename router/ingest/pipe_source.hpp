#pragma once

// PipeSource: standard input, or the output of a command. One stream, which ends by itself.
//
// Threads: its shard's only.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "router/base/fd.hpp"
#include "router/ingest/framer.hpp"
#include "router/ingest/intake.hpp"
#include "router/ingest/source.hpp"
#include "router/ingest/stream_reader.hpp"

namespace weir {

class PipeSource final : public Source {
 public:
  /// `on_end` runs once, when the stream has ended and all of it was taken.
  PipeSource(boost::asio::io_context& io, Fd pipe, SourceAccount& account, Intake& intake,
             std::function<void()> on_end);

  void start() override;
  void stop_accepting() override {}
  bool close_quiet(SteadyTime now, std::chrono::milliseconds quiet) override;
  void tick(SteadyTime) override {}

 private:
  std::unique_ptr<Framer> framer_;
  std::shared_ptr<StreamReader> reader_;  // Null once it has ended.
};

}  // namespace weir
