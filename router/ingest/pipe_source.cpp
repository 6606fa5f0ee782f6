#include "router/ingest/pipe_source.hpp"

#include <utility>

namespace weir {

PipeSource::PipeSource(boost::asio::io_context& io, Fd pipe, SourceAccount& account, Intake& intake,
                       std::function<void()> on_end)
    : framer_(make_framer(account.options.framing, account.options.max_event_bytes,
                          account.options.oversize)) {
  const auto on_closed = [this, ended = std::move(on_end)](StreamConnection&) {
    reader_.reset();
    ended();
  };
  reader_ = std::make_shared<StreamReader>(io, pipe.release(), Peer{}, *framer_, account, intake,
                                           on_closed);
}

void PipeSource::start() {
  if (reader_ != nullptr) reader_->start();
}

bool PipeSource::close_quiet(SteadyTime now, std::chrono::milliseconds quiet) {
  if (reader_ == nullptr) return true;
  const std::shared_ptr<StreamReader> reader = reader_;
  const bool is_quiet = now - reader->last_read() >= quiet && reader->unread() == 0;
  // What a program has written without a newline before it is stopped is its last line.
  if (quiet.count() == 0 || is_quiet) reader->close();
  return reader_ == nullptr;
}

}  // namespace weir
