#include "tests/unit/telemetry/admin_fixture.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <future>
#include <stdexcept>

#include "tests/support/await.hpp"
#include "tests/unit/telemetry/sample_balance.hpp"

namespace weir::test {
namespace {

constexpr int kPatienceMs = std::chrono::milliseconds(kPatience).count();

int connected(int fd, const sockaddr* address, socklen_t size) {
  if (::connect(fd, address, size) != 0) {
    ::close(fd);
    throw std::system_error(errno, std::system_category(), "connect");
  }
  return fd;
}

}  // namespace

AdminClient::AdminClient(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  fd_ = connected(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                  reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

AdminClient::AdminClient(const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  fd_ = connected(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
                  reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

AdminClient::~AdminClient() { ::close(fd_); }

bool AdminClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd room{.fd = fd_, .events = POLLOUT | POLLIN, .revents = 0};
    if (::poll(&room, 1, kPatienceMs) <= 0) throw std::runtime_error("the server takes nothing");
    if ((room.revents & POLLOUT) == 0) return false;
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool AdminClient::read_more() {
  pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
  if (::poll(&ready, 1, kPatienceMs) <= 0) throw std::runtime_error("the server says nothing");
  std::array<char, 65536> bytes;
  const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  read_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::string AdminClient::read_to(std::string_view end) {
  std::size_t at = std::string::npos;
  while ((at = read_.find(end)) == std::string::npos) {
    if (!read_more()) return std::exchange(read_, {});
  }
  std::string head = read_.substr(0, at + end.size());
  read_.erase(0, head.size());
  return head;
}

std::string AdminClient::read_response(bool has_body) {
  std::string response = read_to("\r\n\r\n");
  constexpr std::string_view kLength = "Content-Length: ";
  const std::size_t at = response.find(kLength);
  if (!has_body || at == std::string::npos) return response;
  const std::size_t length = std::stoul(response.substr(at + kLength.size()));
  while (read_.size() < length && read_more()) continue;
  response += read_.substr(0, length);
  read_.erase(0, length);
  return response;
}

std::string AdminClient::read_all() {
  while (read_more()) continue;
  return std::exchange(read_, {});
}

bool AdminClient::await_hangup(std::chrono::milliseconds patience) const {
  pollfd ended{.fd = fd_, .events = POLLRDHUP, .revents = 0};
  return ::poll(&ended, 1, static_cast<int>(patience.count())) > 0;
}

AdminFixture::AdminFixture(AdminOptions options)
    : null_(::open("/dev/null", O_WRONLY | O_CLOEXEC)), log_({.fd = null_}) {
  if (!options.address) options.address = HostPort{.host = "127.0.0.1", .port = 0};
  if (options.control_socket.empty()) options.control_socket = directory_ / "weir.sock";
  RouterView view{.balance =
                      [this] {
                        Balance balance = sample_balance();
                        balance.sinks[0].in_memory += unaccounted;
                        return balance;
                      },
                  .config_yaml = [this] { return std::string(config_bytes, 'x'); },
                  .not_ready =
                      [this] {
                        std::vector<NotReady> parts;
                        if (!ready) parts.push_back({"archive", "no space"});
                        return parts;
                      }};
  server_ = std::make_unique<AdminServer>(io_context_, options, std::move(view), metrics, log_);
  thread_ = std::thread([this] { io_context_.run(); });
}

AdminFixture::~AdminFixture() {
  stop();
  thread_.join();
  server_.reset();
  ::close(null_);
}

void AdminFixture::stop() {
  boost::asio::post(io_context_, [this] { server_->stop(); });
}

std::string AdminFixture::ask(const std::string& request) {
  AdminClient client(port());
  client.send(request);
  return client.read_response();
}

std::string AdminFixture::get(const std::string& path) {
  return ask("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

int status_of(std::string_view response) {
  if (!response.starts_with("HTTP/1.") || response.size() < 12) return 0;
  int status = 0;
  std::from_chars(response.data() + 9, response.data() + 12, status);
  return status;
}

}  // namespace weir::test
