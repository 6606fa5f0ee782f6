#include "router/base/socket_address.hpp"

#include <netdb.h>
#include <sys/un.h>

#include <cstring>
#include <memory>

namespace weir {
namespace {

/// Addresses of one name that are of use: a name with more is a mistake, or hostile.
constexpr std::size_t kAddressesMax = 16;

class NameCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "getaddrinfo"; }
  std::string message(int value) const override { return ::gai_strerror(value); }
};

ErrorCode name_error(int status) noexcept {
  static const NameCategory category;
  return {status, category};
}

}  // namespace

Result<SocketAddress> unix_address(const std::string& path) {
  if (path.size() > kUnixPathBytesMax) {
    return ErrorCode(ENAMETOOLONG, boost::system::system_category());
  }
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), path.size());
  SocketAddress address;
  std::memcpy(&address.storage, &name, sizeof name);
  address.size = sizeof name;
  return address;
}

Result<std::vector<SocketAddress>> inet_addresses(const std::string& host, std::uint16_t port,
                                                  int type, int flags) {
  addrinfo hints{};
  hints.ai_socktype = type;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const char* const name = host.empty() ? nullptr : host.c_str();
  const int status = ::getaddrinfo(name, std::to_string(port).c_str(), &hints, &list);
  if (status == EAI_SYSTEM) return last_error();
  if (status != 0) return name_error(status);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(list, &::freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* at = list; at != nullptr && addresses.size() < kAddressesMax;
       at = at->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.size = at->ai_addrlen;
    addresses.push_back(address);
  }
  return addresses;
}

}  // namespace weir
