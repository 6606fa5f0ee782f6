#pragma once

// Signals: what the process is told by kill(2), read from a descriptor (signalfd(2)) instead of
// taken in a handler. A handler interrupts whatever a thread is doing, a library's code too; a
// descriptor is one more thing that the control thread waits for.
//
// Threads: make it on the control thread before another thread is started: threads inherit the
// mask, and one that does not block a signal would be ended by it.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <csignal>
#include <functional>
#include <initializer_list>

namespace weir {

class Signals {
 public:
  explicit Signals(boost::asio::io_context& io) : descriptor_(io) { ::sigemptyset(&set_); }

  /// Blocks these signals, in this thread and those it will start. From here on none is lost: one
  /// that comes before listen() is waiting there. Throws std::system_error.
  void add(std::initializer_list<int> numbers);

  /// `on_signal` gets the number of each, on the thread that runs the io_context. What was sent
  /// again before it was read arrives once, as with every standard signal (signal(7)).
  void listen(std::function<void(int)> on_signal);

 private:
  void wait();
  void read_pending();

  sigset_t set_;
  boost::asio::posix::stream_descriptor descriptor_;
  std::function<void(int)> on_signal_;
};

}  // namespace weir
