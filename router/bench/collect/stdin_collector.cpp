#include "router/bench/collect/stdin_collector.hpp"

#include <fcntl.h>

#include <utility>

namespace weir::bench {

StdinCollector::StdinCollector(boost::asio::io_context& io, Fd input, Lanes& lanes)
    : flags_before_(::fcntl(input.get(), F_GETFL)),
      room_(std::make_unique_for_overwrite<char[]>(kReadBytes)) {
  reader_.emplace(io, std::move(input), lanes.lane("stdin"), std::span(room_.get(), kReadBytes),
                  [this] { close(); });
}

StdinCollector::~StdinCollector() { close(); }

void StdinCollector::start() {
  if (reader_) reader_->start();
}

void StdinCollector::finish() {
  if (!reader_) return;
  reader_->finish();
  close();
}

void StdinCollector::close() {
  if (!reader_) return;
  ::fcntl(reader_->fd(), F_SETFL, flags_before_);
  reader_.reset();
}

}  // namespace weir::bench
