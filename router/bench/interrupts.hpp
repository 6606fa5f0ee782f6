#pragma once

// Interrupts: SIGINT and SIGTERM, asked for instead of taken in a handler, so that a run that is
// interrupted still ends the router that it started.
//
// Threads: made before any other thread is, which then blocks them, too; asked on one.

#include <csignal>
#include <ctime>

namespace weir::bench {

class Interrupts {
 public:
  Interrupts() noexcept {
    ::sigemptyset(&set_);
    ::sigaddset(&set_, SIGINT);
    ::sigaddset(&set_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~Interrupts() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// The signal that came, now or before; 0 if none did.
  int came() noexcept {
    constexpr timespec kNow{};
    if (came_ == 0) {
      const int number = ::sigtimedwait(&set_, nullptr, &kNow);
      if (number > 0) came_ = number;
    }
    return came_;
  }

 private:
  sigset_t set_;
  sigset_t before_;
  int came_ = 0;
};

}  // namespace weir::bench
