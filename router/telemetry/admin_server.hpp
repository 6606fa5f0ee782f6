#pragma once

// AdminServer: the read-only HTTP server of the router, on the control socket always and on a TCP
// address where one is configured. See admin_pages.hpp for what it says.
//
// Bounds: 64 connections on each of the two, 8 KiB of request header, no request body, 10 seconds
// for a request, 30 for reading an answer, 60 between requests, 16 MiB of answers under way. A
// connection above the limit is told 503 and closed.
//
// Belongs to the control thread: everything happens on the io_context, which it runs.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "config/settings.hpp"
#include "router/telemetry/admin_pages.hpp"
#include "router/telemetry/log.hpp"

namespace boost::asio {
class io_context;
}

namespace weir {

struct AdminOptions {
  std::optional<HostPort> address;  ///< No TCP unless named. Port 0: any that is free.
  std::string control_socket;       ///< "" = default_control_socket().

  std::size_t connections_max = 64;
  std::chrono::milliseconds request_timeout{10'000};
  std::chrono::milliseconds answer_timeout{30'000};
  std::chrono::milliseconds idle_timeout{60'000};
};

class AdminServer {
 public:
  /// Binds and listens; the first request is served when `io_context` runs. `metrics`, `log` and
  /// what `view` needs outlive stop().
  ///
  /// Throws ConfigError where the address, or a control socket that was named, cannot be had. Where
  /// the default control socket is taken, another name is used; where it cannot be had at all (a
  /// read-only file system), the router does without. Both are logged.
  AdminServer(boost::asio::io_context& io_context, const AdminOptions& options, RouterView view,
              const Metrics& metrics, Log& log);
  ~AdminServer();  ///< Stops.
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  /// Closes everything and removes the control socket. Nothing of `view` is called afterwards.
  void stop() noexcept;

  /// The TCP address as bound, with the real port.
  std::optional<HostPort> address() const;

  /// The control socket's path as bound; "" if there is none.
  std::string control_socket() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace weir
