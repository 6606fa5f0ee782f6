#include "plugins/socket/resolver.hpp"

#include <netdb.h>

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "plugins/socket/socket_error.hpp"

namespace weir::socket {
struct Resolver::LookUp {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;                                       // Guarded by mutex.
  Result<std::vector<SocketAddress>> answer{ErrorCode()};  // Guarded by mutex.
};

Resolver::Resolver(std::string host, std::uint16_t port) : host_(std::move(host)), port_(port) {}

Result<std::vector<SocketAddress>> Resolver::resolve(SteadyTime deadline) {
  if (host_.empty()) return inet_addresses(host_, port_, SOCK_STREAM);
  if (auto numeric = inet_addresses(host_, port_, SOCK_STREAM, AI_NUMERICHOST)) return numeric;
  if (look_up_ == nullptr) {
    auto look_up = std::make_shared<LookUp>();
    try {
      // Detached: it may well outlive the sink, and there is nothing in it to wait for.
      std::thread([look_up, host = host_, port = port_] {
        auto answer = inet_addresses(host, port, SOCK_STREAM);
        const std::lock_guard lock(look_up->mutex);
        look_up->answer = std::move(answer);
        look_up->done = true;
        look_up->changed.notify_all();
      }).detach();
    } catch (const std::system_error& error) {
      return ErrorCode(error.code());
    }
    look_up_ = std::move(look_up);
  }
  std::unique_lock lock(look_up_->mutex);
  if (!look_up_->changed.wait_until(lock, deadline, [&] { return look_up_->done; })) {
    return make_error_code(SocketError::NameTimeout);
  }
  auto answer = std::move(look_up_->answer);
  lock.unlock();
  look_up_.reset();
  return answer;
}

}  // namespace weir::socket
