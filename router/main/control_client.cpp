#include "router/main/control_client.hpp"

#include <fmt/format.h>
#include <sys/un.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "router/telemetry/control_socket.hpp"

namespace weir {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Local = asio::local::stream_protocol;
using ResponseParser = http::response_parser<http::string_body>;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

/// The balance of limits::kSinksMax sinks and kRoutesMax routes has a few megabytes.
constexpr std::uint64_t kAnswerBytesMax = 64 * 1024 * 1024;

asio::awaitable<beast::error_code> exchange(beast::basic_stream<Local>& stream,
                                            const Local::endpoint& endpoint,
                                            const http::request<http::empty_body>& request,
                                            ResponseParser& parser) {
  const auto [connect_error] = co_await stream.async_connect(endpoint, kToken);
  if (connect_error) co_return connect_error;
  const auto [write_error, written] = co_await http::async_write(stream, request, kToken);
  boost::ignore_unused(written);
  if (write_error) co_return write_error;
  beast::flat_buffer buffer;
  const auto [read_error, read] = co_await http::async_read(stream, buffer, parser, kToken);
  boost::ignore_unused(read);
  co_return read_error;
}

[[noreturn]] void fail(const std::string& path, const std::string& why) {
  throw ControlError(
      fmt::format("no router answers on {} ({}); is one running? `--control PATH` names another "
                  "control socket",
                  path, why));
}

}  // namespace

ControlAnswer control_get(const std::string& control_socket, std::string_view target,
                          std::chrono::milliseconds timeout) {
  const std::string path = control_socket.empty() ? default_control_socket() : control_socket;
  if (path.size() >= sizeof(sockaddr_un::sun_path)) fail(path, "the path is too long");
  http::request<http::empty_body> request{http::verb::get, target, 11};
  request.set(http::field::host, "weir");
  request.keep_alive(false);
  ResponseParser parser;
  parser.body_limit(kAnswerBytesMax);

  asio::io_context io_context;
  beast::basic_stream<Local> stream(io_context);
  stream.expires_after(timeout);
  const Local::endpoint endpoint(path);  // Borrowed by the coroutine, as all of its arguments.
  beast::error_code error;
  asio::co_spawn(io_context, exchange(stream, endpoint, request, parser),
                 [&error](std::exception_ptr thrown, beast::error_code result) {
                   if (thrown) std::rethrow_exception(thrown);
                   error = result;
                 });
  io_context.run();
  if (error == beast::error::timeout) fail(path, "it did not answer in time");
  if (error) fail(path, error.message());
  return {parser.get().result_int(), std::move(parser.get().body())};
}

Balance control_balance(const std::string& control_socket, std::chrono::milliseconds timeout) {
  const ControlAnswer answer = control_get(control_socket, "/ledger", timeout);
  if (answer.status != 200) {
    throw ControlError(fmt::format("the router answered {} instead of its ledger", answer.status));
  }
  try {
    return balance_from_json(answer.body);
  } catch (const std::invalid_argument& error) {
    throw ControlError(error.what());
  }
}

}  // namespace weir
