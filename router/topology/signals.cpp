#include "router/topology/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <boost/asio/posix/descriptor_base.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

namespace weir {
namespace {

[[noreturn]] void fail(int error, const char* what) {
  throw std::system_error(error, std::generic_category(), what);
}

}  // namespace

void Signals::add(std::initializer_list<int> numbers) {
  for (const int number : numbers) ::sigaddset(&set_, number);
  if (const int error = ::pthread_sigmask(SIG_BLOCK, &set_, nullptr))
    fail(error, "pthread_sigmask");
}

void Signals::listen(std::function<void(int)> on_signal) {
  on_signal_ = std::move(on_signal);
  const int descriptor = ::signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor < 0) fail(errno, "signalfd");
  descriptor_.assign(descriptor);
  wait();
}

void Signals::wait() {
  descriptor_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                         [this](const boost::system::error_code& error) {
                           if (error) return;
                           read_pending();
                           wait();
                         });
}

void Signals::read_pending() {
  signalfd_siginfo signal{};
  while (::read(descriptor_.native_handle(), &signal, sizeof signal) ==
         static_cast<ssize_t>(sizeof signal)) {
    on_signal_(static_cast<int>(signal.ssi_signo));
  }
}

}  // namespace weir
