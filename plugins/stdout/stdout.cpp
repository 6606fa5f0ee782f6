#include "plugins/stdout/stdout.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "router/sink/batch_mark.hpp"
#include "router/sink/encoder.hpp"

namespace weir::standard_output {
namespace {

using namespace std::chrono_literals;

/// How long one write() waits for a slow reader before it gives the batch back.
constexpr std::chrono::milliseconds kWaitMax = 2s;

class StdoutSink final : public Sink {
 public:
  StdoutSink(const Settings& settings, SinkContext& context, int fd, std::shared_ptr<Io> io)
      : context_(context), encoder_(settings), io_(std::move(io)), shared_fd_(fd) {}

  SinkTraits traits() const noexcept override { return {.settles_in_write = true}; }
  Result<void> open() override;
  void write(Delivery delivery) override;
  void poll(std::chrono::milliseconds) override {}
  void close(SteadyTime) noexcept override {}

 private:
  int fd() const noexcept { return own_fd_ ? own_fd_.get() : shared_fd_; }
  ErrorCode write_rest(const Batch& batch);
  Written write_patiently(std::span<iovec> pieces, SteadyTime deadline) noexcept;
  void count_written(const Batch& batch, std::size_t bytes);
  void reject_rest(Delivery delivery);

  SinkContext& context_;
  Encoder encoder_;
  std::shared_ptr<Io> io_;
  const int shared_fd_;
  Fd own_fd_;
  bool is_open_ = false;
  bool is_socket_ = false;
  bool reader_gone_ = false;

  // How far the batch that `mark_` stands for has come. What a pipe took cannot be taken back.
  BatchMark mark_;
  std::size_t events_done_ = 0;
  std::size_t bytes_done_ = 0;  // Of the event at events_done_.
  bool line_is_torn_ = false;   // By an event whose batch never came back.
};

// The reader may be slow, and a write to a full pipe would wait for it without end. The description
// behind descriptor 1 is shared with other processes, which O_NONBLOCK on it would surprise: so a
// pipe or terminal is opened once more.
Result<void> StdoutSink::open() {
  if (is_open_) return {};
  struct stat status {};
  if (io_->fstat(shared_fd_, &status) != 0) return last_error();
  // Closed when weir was started: see hold_standard_descriptors() in main.cpp.
  if ((::fcntl(shared_fd_, F_GETFL) & O_ACCMODE) == O_RDONLY) {
    return ErrorCode(EBADF, boost::system::system_category());
  }
  is_socket_ = S_ISSOCK(status.st_mode);
  if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
    const std::string again = "/proc/self/fd/" + std::to_string(shared_fd_);
    constexpr int kFlags = O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
    own_fd_ = Fd(io_->openat(AT_FDCWD, again.c_str(), kFlags));  // Where that fails: shared_fd_.
  }
  is_open_ = true;
  return {};
}

void StdoutSink::write(Delivery delivery) {
  const BatchMark mark(delivery.batch());
  if (!(mark == mark_)) {
    line_is_torn_ = line_is_torn_ || bytes_done_ != 0;
    mark_ = mark;
    events_done_ = 0;
    bytes_done_ = 0;
  }
  const ErrorCode error = reader_gone_ ? ErrorCode(EPIPE, boost::system::system_category())
                                       : write_rest(delivery.batch());
  if (!error) {
    mark_ = {};
    std::move(delivery).delivered();
  } else if (error.value() == EPIPE || error.value() == ECONNRESET) {
    reject_rest(std::move(delivery));
  } else {
    std::move(delivery).retry(error);
  }
}

ErrorCode StdoutSink::write_rest(const Batch& batch) {
  const SteadyTime deadline = steady_now() + kWaitMax;
  if (line_is_torn_) {
    char newline = '\n';
    iovec piece{.iov_base = &newline, .iov_len = 1};
    const Written written = write_patiently({&piece, 1}, deadline);
    if (written.error) return written.error;
    line_is_torn_ = false;
  }
  while (events_done_ < batch.size()) {
    encoder_.clear();
    const std::size_t added = encoder_.add(batch, events_done_, batch.size() - events_done_);
    const Written written =
        write_patiently(weir::advance(encoder_.pieces(), bytes_done_), deadline);
    if (written.error) {
      count_written(batch, written.bytes);
      return written.error;
    }
    events_done_ += added;
    bytes_done_ = 0;
  }
  return {};
}

Written StdoutSink::write_patiently(std::span<iovec> pieces, SteadyTime deadline) noexcept {
  Written total;
  while (true) {
    const Written written =
        is_socket_ ? send_all(*io_, fd(), pieces) : write_all(*io_, fd(), pieces);
    total.bytes += written.bytes;
    total.error = written.error;
    if (total.error.value() != EAGAIN) return total;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_now());
    if (left <= 0ms) return total;
    // Its answer does not matter: if this was no reason to try again, the deadline ends the loop.
    io_->wait_writable(fd(), left);
  }
}

void StdoutSink::count_written(const Batch& batch, std::size_t bytes) {
  bytes_done_ += bytes;
  while (events_done_ < batch.size()) {
    const std::size_t size = encoder_.encoded_size(batch, events_done_);
    if (bytes_done_ < size) break;
    bytes_done_ -= size;
    ++events_done_;
  }
}

// A pipe without a reader never gets one again: to come again would be to wait for ever.
void StdoutSink::reject_rest(Delivery delivery) {
  if (!std::exchange(reader_gone_, true)) {
    context_.log_warning("the reader of standard output is gone: its events are rejected");
  }
  for (std::size_t i = events_done_; i < delivery.batch().size(); ++i) delivery.reject(i);
  mark_ = {};
  std::move(delivery).delivered();
}

}  // namespace

std::unique_ptr<Sink> make_sink(const Settings& settings, SinkContext& context, int fd,
                                std::shared_ptr<Io> io) {
  return std::make_unique<StdoutSink>(settings, context, fd, std::move(io));
}

SinkPlugin plugin() {
  return {.spec = {.scheme = "stdout", .help = "Writes events to standard output."},
          .make = [](const Settings& settings, SinkContext& context) {
            return make_sink(settings, context, STDOUT_FILENO, std::make_shared<Io>());
          }};
}

}  // namespace weir::standard_output
