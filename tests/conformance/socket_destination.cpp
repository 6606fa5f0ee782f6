#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "router/base/fd.hpp"
#include "tests/conformance/destination.hpp"
#include "tests/support/temp_dir.hpp"

namespace weir::test {
namespace {

[[noreturn]] void fail(const char* call) {
  throw std::runtime_error(std::string(call) + ": " + std::strerror(errno));
}

/// A listener on the loopback or at a path, and what its connections have sent.
class SocketDestination final : public Destination {
 public:
  explicit SocketDestination(int family) {
    name_.ss_family = static_cast<sa_family_t>(family);
    if (family == AF_UNIX) {
      auto& local = reinterpret_cast<sockaddr_un&>(name_);
      path().copy(local.sun_path, sizeof local.sun_path - 1);
    } else {
      auto& v4 = reinterpret_cast<sockaddr_in&>(name_);
      v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    bind();
    make_present();
  }

  std::vector<std::string> yaml() const override {
    if (name_.ss_family == AF_UNIX) return {"url: unix://" + path()};
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(name_);
    return {"url: tcp://127.0.0.1:" + std::to_string(ntohs(v4.sin_port))};
  }

  // The name stays taken, so that nobody else can take the port: who connects is refused.
  bool make_away() override {
    connections_.clear();
    listener_.close();
    bind();
    return true;
  }
  void make_present() override {
    if (::listen(listener_.get(), 16) != 0) fail("listen");
  }
  bool break_off() override { return make_away(); }

  // Accepts nobody: the kernel takes connections, and bytes up to its bounds.
  bool make_stuck() override {
    is_stuck_ = true;
    return true;
  }

  void pump() override {
    if (is_stuck_) return;
    for (;;) {
      Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!connection) break;
      connections_.push_back(std::move(connection));
      was_touched_ = true;
    }
    std::array<char, 65536> piece;
    for (const Fd& connection : connections_) {
      for (ssize_t size = 1; size > 0;) {
        size = ::recv(connection.get(), piece.data(), piece.size(), MSG_DONTWAIT);
        if (size > 0) bytes_.append(piece.data(), static_cast<std::size_t>(size));
      }
    }
  }

  bool is_untouched() override {
    pump();
    return !was_touched_;
  }
  std::optional<std::string> bytes() override {
    pump();
    return bytes_;
  }

 private:
  std::string path() const { return directory_ / "in.sock"; }

  /// Takes the name, at first any free port, later the same again.
  void bind() {
    ::unlink(path().c_str());
    listener_ = Fd(::socket(name_.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    socklen_t size = name_.ss_family == AF_UNIX ? sizeof(sockaddr_un) : sizeof(sockaddr_in);
    auto* const name = reinterpret_cast<sockaddr*>(&name_);
    if (::bind(listener_.get(), name, size) != 0) fail("bind");
    if (name_.ss_family != AF_UNIX) ::getsockname(listener_.get(), name, &size);
  }

  TempDir directory_;
  sockaddr_storage name_{};
  Fd listener_;
  std::vector<Fd> connections_;
  std::string bytes_;
  bool is_stuck_ = false;
  bool was_touched_ = false;
};

}  // namespace

std::unique_ptr<Destination> tcp_destination() {
  return std::make_unique<SocketDestination>(AF_INET);
}
std::unique_ptr<Destination> unix_destination() {
  return std::make_unique<SocketDestination>(AF_UNIX);
}

}  // namespace weir::test
