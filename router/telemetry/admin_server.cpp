#include "router/telemetry/admin_server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "router/telemetry/admin_connection.hpp"
#include "router/telemetry/control_socket.hpp"

namespace weir {
namespace {

namespace asio = boost::asio;
using Generic = asio::generic::stream_protocol;
using Acceptor = asio::basic_socket_acceptor<Generic>;
using asio::ip::tcp;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr const char* kComponent = "admin";

/// After a failed accept (no file descriptors left, say), so that the loop does not spin.
constexpr std::chrono::milliseconds kAcceptPause{100};

constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 33\r\n"
    "Retry-After: 1\r\nConnection: close\r\n\r\n{\"error\":\"too many connections\"}\n";

void close_on_exec(int fd) noexcept { ::fcntl(fd, F_SETFD, FD_CLOEXEC); }

/// Says no without waiting for anything: what cannot be written at once is not written.
void refuse(Generic::socket socket) {
  boost::system::error_code error;
  socket.non_blocking(true, error);
  std::array<char, 4096> unread;
  socket.read_some(asio::buffer(unread), error);
  socket.write_some(asio::buffer(kBusy), error);
  socket.shutdown(Generic::socket::shutdown_send, error);
  socket.read_some(asio::buffer(unread), error);
}

std::size_t open_connections(const AdminShared& shared, bool is_tcp) {
  return static_cast<std::size_t>(std::count_if(
      shared.connections.begin(), shared.connections.end(),
      [is_tcp](const auto* connection) { return connection->checks_host() == is_tcp; }));
}

/// Runs until the acceptor is closed. Host names are checked on TCP only: no browser reaches a
/// Unix socket.
asio::awaitable<void> accept_loop(std::shared_ptr<Acceptor> acceptor,
                                  std::shared_ptr<AdminShared> shared, bool is_tcp) {
  asio::steady_timer pause(acceptor->get_executor());
  for (;;) {
    auto [error, socket] = co_await acceptor->async_accept(kToken);
    if (shared->stopped || error == asio::error::operation_aborted) co_return;
    if (error) {
      shared->log.warn(kComponent, "cannot accept a connection", {{"error", error.message()}});
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(kToken);
      continue;
    }
    close_on_exec(socket.native_handle());
    if (is_tcp) {
      boost::system::error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
    }
    if (open_connections(*shared, is_tcp) >= shared->options.connections_max) {
      refuse(std::move(socket));
      continue;
    }
    auto connection = std::make_shared<AdminConnection>(std::move(socket), shared, is_tcp);
    asio::co_spawn(
        acceptor->get_executor(), [connection] { return connection->run(); }, asio::detached);
  }
}

[[noreturn]] void fail(const HostPort& address, const boost::system::error_code& error) {
  throw ConfigError({},
                    fmt::format("cannot listen on {} port {} for admin: {}", address.host,
                                address.port, error.message()),
                    "choose another address with `admin: HOST:PORT`, --admin or WEIR_ADMIN");
}

/// The first address of the host that can be listened on.
tcp::acceptor listen_tcp(asio::io_context& io_context, const HostPort& wanted) {
  const HostPort address{.host = wanted.host.empty() ? "127.0.0.1" : wanted.host,
                         .port = wanted.port};
  boost::system::error_code error;
  const auto found = tcp::resolver(io_context)
                         .resolve(address.host, std::to_string(address.port),
                                  tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error) fail(address, error);
  for (const auto& entry : found) {
    tcp::acceptor acceptor(io_context);
    acceptor.open(entry.endpoint().protocol(), error);
    if (error) continue;
    close_on_exec(acceptor.native_handle());
    acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    acceptor.bind(entry.endpoint(), error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) return acceptor;
  }
  fail(address, error);
}

}  // namespace

struct AdminServer::Parts {
  std::shared_ptr<AdminShared> shared;
  std::unique_ptr<ControlSocket> control_socket;
  std::shared_ptr<Acceptor> control_acceptor;
  std::shared_ptr<Acceptor> tcp_acceptor;
  std::optional<HostPort> tcp_address;

  void open_tcp(asio::io_context& io_context, const HostPort& wanted);
  void open_control(asio::io_context& io_context, const std::string& wanted);
};

void AdminServer::Parts::open_tcp(asio::io_context& io_context, const HostPort& wanted) {
  tcp::acceptor acceptor = listen_tcp(io_context, wanted);
  const tcp::endpoint bound = acceptor.local_endpoint();
  tcp_address = HostPort{.host = bound.address().to_string(), .port = bound.port()};
  const Generic protocol(bound.protocol());
  tcp_acceptor = std::make_shared<Acceptor>(io_context, protocol, acceptor.release());
}

void AdminServer::Parts::open_control(asio::io_context& io_context, const std::string& wanted) {
  const std::string path = wanted.empty() ? default_control_socket() : wanted;
  const auto place = wanted.empty() ? ControlSocket::Place::Default : ControlSocket::Place::Named;
  try {
    control_socket = std::make_unique<ControlSocket>(path, place);
  } catch (const ConfigError& error) {
    if (!wanted.empty()) throw;
    shared->log.warn(kComponent, error.message(),
                     {{"consequence", "weir ledger, top and tail cannot reach this router"}});
    return;
  }
  if (control_socket->path() != path) {
    shared->log.info(kComponent, "another router answers on the control socket; using another name",
                     {{"taken", path}, {"path", control_socket->path()}});
  }
  const Generic protocol(AF_UNIX, 0);
  control_acceptor = std::make_shared<Acceptor>(io_context, protocol, control_socket->take_fd());
}

AdminServer::AdminServer(asio::io_context& io_context, const AdminOptions& options, RouterView view,
                         const Metrics& metrics, Log& log)
    : parts_(std::make_unique<Parts>()) {
  parts_->shared = std::shared_ptr<AdminShared>(new AdminShared{
      .options = options, .pages = AdminPages(std::move(view), metrics), .log = log});
  if (options.address) parts_->open_tcp(io_context, *options.address);
  parts_->open_control(io_context, options.control_socket);
  for (const auto& acceptor : {parts_->tcp_acceptor, parts_->control_acceptor}) {
    if (acceptor == nullptr) continue;
    const bool is_tcp = acceptor == parts_->tcp_acceptor;
    asio::co_spawn(io_context, accept_loop(acceptor, parts_->shared, is_tcp), asio::detached);
  }
}

AdminServer::~AdminServer() { stop(); }

void AdminServer::stop() noexcept {
  parts_->shared->stopped = true;
  boost::system::error_code ignored;
  for (const auto& acceptor : {parts_->tcp_acceptor, parts_->control_acceptor}) {
    if (acceptor != nullptr) acceptor->close(ignored);
  }
  for (AdminConnection* connection : parts_->shared->connections) connection->close();
  parts_->control_socket.reset();
}

std::optional<HostPort> AdminServer::address() const { return parts_->tcp_address; }

std::string AdminServer::control_socket() const {
  return parts_->control_socket == nullptr ? "" : parts_->control_socket->path();
}

}  // namespace weir
