#pragma once

// A running AdminServer on a free loopback port and a control socket of its own, and a client that
// sends raw bytes. All waiting is bounded.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "router/telemetry/admin_server.hpp"
#include "tests/support/temp_dir.hpp"

namespace weir::test {

/// One connection to the server, from the outside.
class AdminClient {
 public:
  explicit AdminClient(std::uint16_t port);              ///< TCP.
  explicit AdminClient(const std::string& socket_path);  ///< Unix.
  ~AdminClient();
  AdminClient(const AdminClient&) = delete;
  AdminClient& operator=(const AdminClient&) = delete;

  /// False where the server has closed. Stops when the server sends something while it takes no
  /// more: an answer to what it has read.
  bool send(std::string_view bytes);

  /// Reads until `end` has come; what was read up to and with it. All there was if the server
  /// closes before.
  std::string read_to(std::string_view end);

  /// One whole response, by its Content-Length; `has_body` is false after HEAD.
  std::string read_response(bool has_body = true);

  /// All until the server closes.
  std::string read_all();

  /// True once the server has closed, without reading. On TCP only if nothing is unread.
  bool await_hangup(std::chrono::milliseconds patience) const;

  int descriptor() const noexcept { return fd_; }

 private:
  bool read_more();

  int fd_;
  std::string read_;
};

class AdminFixture {
 public:
  explicit AdminFixture(AdminOptions options = {});
  ~AdminFixture();

  std::uint16_t port() const { return server_->address()->port; }
  std::string control_socket() const { return server_->control_socket(); }

  /// Request and response over a connection of its own.
  std::string ask(const std::string& request);
  std::string get(const std::string& path);

  /// Stops the server on its thread.
  void stop();

  std::atomic<bool> ready{true};              ///< What /readyz goes by.
  std::atomic<std::size_t> config_bytes{10};  ///< Size of /config.
  std::atomic<std::uint64_t> unaccounted{0};  ///< Imbalance of the ledger.
  Metrics metrics{"1"};

 private:
  TempDir directory_;
  int null_;
  Log log_;
  boost::asio::io_context io_context_;
  std::unique_ptr<AdminServer> server_;
  std::thread thread_;
};

/// 200 of "HTTP/1.1 200 OK"; 0 where there is none.
int status_of(std::string_view response);

}  // namespace weir::test
