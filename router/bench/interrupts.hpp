#pragma once

// Interrupts: SIGINT, SIGTERM and SIGHUP, asked for instead of taken in a handler, so that a run
// that is interrupted still ends the router that it started. Those that come again are kept as
// well: they ask for haste, and do not end this process before it has told what it found.
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
    ::sigaddset(&set_, SIGHUP);  // The terminal is gone; one that is ignored (nohup) never comes.
    ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~Interrupts() {
    came();  // What still waited would end the process now.
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// The first signal that came, now or before; 0 if none did.
  int came() noexcept {
    constexpr timespec kNow{};
    for (int number = 0; (number = ::sigtimedwait(&set_, nullptr, &kNow)) > 0; ++times_) {
      if (came_ == 0) came_ = number;
    }
    return came_;
  }

  /// Whether more than one came. Those that come between two looks and are the same are one.
  bool came_again() noexcept {
    came();
    return times_ > 1;
  }

 private:
  sigset_t set_;
  sigset_t before_;
  int came_ = 0;
  int times_ = 0;
};

}  // namespace weir::bench
