#pragma once

// AdminConnection: one HTTP/1.1 connection of the admin port, from accept to close. Keep-alive and
// pipelining; one request is answered at a time, so a client that reads slowly holds one answer.
// GET and HEAD only. Whoever is slow with a request, idle, or slow with an answer is cut off.
//
// Included by the admin server alone: Beast's headers are heavy.
//
// Belongs to the control thread.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "router/telemetry/admin_pages.hpp"
#include "router/telemetry/admin_server.hpp"

namespace weir {

class AdminConnection;

/// What the connections of one server share; lives as long as the last of them.
struct AdminShared {
  AdminOptions options;
  AdminPages pages;
  Log& log;
  std::set<AdminConnection*> connections;
  std::size_t answer_bytes = 0;  ///< Of all answers that are being written.
  bool stopped = false;          ///< The router is going: its view must not be called.
};

class AdminConnection : public std::enable_shared_from_this<AdminConnection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  /// `checks_host`: see host_check.hpp.
  AdminConnection(Socket socket, std::shared_ptr<AdminShared> shared, bool checks_host);
  ~AdminConnection();

  /// Serves until the connection ends.
  boost::asio::awaitable<void> run();

  bool checks_host() const noexcept { return checks_host_; }
  void close() noexcept;

 private:
  using Request = boost::beast::http::request<boost::beast::http::empty_body>;

  boost::asio::awaitable<bool> await_request(bool is_first);
  boost::asio::awaitable<bool> serve_request();
  boost::asio::awaitable<bool> refuse(unsigned status, std::string sentence);
  boost::asio::awaitable<bool> write(AdminAnswer answer, bool is_head, bool keep_alive,
                                     unsigned version);
  boost::asio::awaitable<void> linger();
  AdminAnswer answer_to(const Request& request, bool& keep_alive) const;

  boost::beast::basic_stream<boost::asio::generic::stream_protocol> stream_;
  boost::beast::flat_buffer buffer_;
  std::shared_ptr<AdminShared> shared_;
  bool checks_host_;
};

}  // namespace weir
