#pragma once

// HttpParser: one request (RFC 9112), parsed by Beast: of the header what the source looks at; the
// body goes to an HttpBody. What makes the end of a request ambiguous is an error: two lengths, a
// length beside a transfer coding, a field name with a space.
//
// Included by the connection's .cpp and by tests: Beast's headers are heavy.
//
// Threads: its shard's only.

#include <boost/beast/http/basic_parser.hpp>
#include <boost/optional.hpp>
#include <cstdint>
#include <string>

#include "router/ingest/http_body.hpp"

namespace weir {

/// What a request's header says. A field that came twice has both values, with a comma.
struct HttpHead {
  boost::beast::http::verb method = boost::beast::http::verb::unknown;
  int version = 11;  ///< 10 or 11.
  unsigned hosts = 0;
  unsigned key_count = 0;
  std::string content_type;
  std::string content_encoding;
  std::string transfer_encoding;
  std::string authorization;
  std::string expect;
  std::string key;  ///< Idempotency-Key.
};

class HttpParser final : public boost::beast::http::basic_parser<true> {
 public:
  HttpParser();

  const HttpHead& head() const noexcept { return head_; }

  /// Where the body goes; to be set once the header is done.
  void use(HttpBody& body) noexcept { body_ = &body; }

  /// Parses from the front of `bytes` until the header is done, the request is done, or more is
  /// needed; returns how many are done with. HttpBody's faults are errors here, too.
  std::size_t parse(std::string_view bytes, boost::system::error_code& error);

 private:
  using Verb = boost::beast::http::verb;
  using Field = boost::beast::http::field;
  using Text = boost::beast::string_view;
  using Error = boost::system::error_code;

  void on_request_impl(Verb method, Text method_text, Text target, int version,
                       Error& error) override;
  void on_response_impl(int status, Text reason, int version, Error& error) override;
  void on_field_impl(Field name, Text name_text, Text value, Error& error) override;
  void on_header_impl(Error& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Error& error) override;
  std::size_t on_body_impl(Text piece, Error& error) override;
  void on_chunk_header_impl(std::uint64_t size, Text extensions, Error& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t left, Text piece, Error& error) override;
  void on_finish_impl(Error& error) override;

  HttpHead head_;
  HttpBody* body_ = nullptr;
  bool has_head_ = false;
};

}  // namespace weir
