#include "plugins/socket/resolver.hpp"

#include <netdb.h>
#include <sys/un.h>

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "plugins/socket/socket_error.hpp"
#include "router/base/assert.hpp"

namespace weir::socket {
namespace {

/// Addresses of one name that are tried: a name with more is a mistake, or hostile.
constexpr std::size_t kAddressesMax = 16;

Result<std::vector<Address>> look_up_now(const std::string& host, const std::string& port,
                                         int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const char* name = host.empty() ? nullptr : host.c_str();
  if (const int status = getaddrinfo(name, port.c_str(), &hints, &list); status != 0) {
    return status == EAI_SYSTEM ? last_error() : name_error(status);
  }
  std::vector<Address> addresses;
  for (addrinfo* at = list; at != nullptr && addresses.size() < kAddressesMax; at = at->ai_next) {
    Address address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.size = at->ai_addrlen;
    addresses.push_back(address);
  }
  freeaddrinfo(list);
  return addresses;
}

}  // namespace

struct Resolver::LookUp {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;                                 // Guarded by mutex.
  Result<std::vector<Address>> answer{ErrorCode()};  // Guarded by mutex.
};

Address unix_address(const std::string& path) {
  WEIR_ASSERT(path.size() <= kUnixPathBytesMax);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), path.size());
  Address address;
  std::memcpy(&address.storage, &name, sizeof name);
  address.size = sizeof name;
  return address;
}

Resolver::Resolver(std::string host, std::uint16_t port)
    : host_(std::move(host)), port_(std::to_string(port)) {}

Result<std::vector<Address>> Resolver::resolve(SteadyTime deadline) {
  if (host_.empty()) return look_up_now(host_, port_, 0);
  if (auto numeric = look_up_now(host_, port_, AI_NUMERICHOST)) return numeric;
  if (look_up_ == nullptr) {
    auto look_up = std::make_shared<LookUp>();
    try {
      // Detached: it may well outlive the sink, and there is nothing in it to wait for.
      std::thread([look_up, host = host_, port = port_] {
        auto answer = look_up_now(host, port, 0);
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
