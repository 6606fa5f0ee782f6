#include "router/ingest/http_parser.hpp"

#include <boost/algorithm/string/predicate.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <string_view>

#include "router/base/limits.hpp"

namespace weir {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view kKeyName = "Idempotency-Key";

void add(std::string& to, boost::beast::string_view value) {
  if (!to.empty()) to += ", ";
  to.append(value.data(), value.size());
}

}  // namespace

HttpParser::HttpParser() {
  header_limit(limits::kHttpHeaderBytesMax);
  body_limit(boost::none);  // HttpBody's business.
}

std::size_t HttpParser::parse(std::string_view bytes, boost::system::error_code& error) {
  const bool had_head = is_header_done();
  std::size_t done = 0;
  error = {};
  while (!is_done() && is_header_done() == had_head) {
    const std::size_t used =
        put(boost::asio::buffer(bytes.data() + done, bytes.size() - done), error);
    done += used;
    if (error == http::error::need_more) {
      error = {};
      break;
    }
    if (error || (done == bytes.size() && !is_done())) break;
  }
  return done;
}

void HttpParser::on_request_impl(Verb method, Text, Text, int version, Error&) {
  head_.method = method;
  head_.version = version;
}

void HttpParser::on_response_impl(int, Text, int, Error&) {}

void HttpParser::on_field_impl(Field name, Text name_text, Text value, Error&) {
  if (has_head_) return;  // A trailer.
  switch (name) {
    case Field::host:
      ++head_.hosts;
      break;
    case Field::content_type:
      add(head_.content_type, value);
      break;
    case Field::content_encoding:
      add(head_.content_encoding, value);
      break;
    case Field::transfer_encoding:
      add(head_.transfer_encoding, value);
      break;
    case Field::authorization:
      add(head_.authorization, value);
      break;
    case Field::expect:
      add(head_.expect, value);
      break;
    default:
      if (!boost::algorithm::iequals(name_text, kKeyName)) break;
      ++head_.key_count;
      add(head_.key, value);
  }
}

void HttpParser::on_header_impl(Error&) { has_head_ = true; }

void HttpParser::on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) {}

std::size_t HttpParser::on_body_impl(Text piece, Error& error) {
  if (body_ == nullptr || !body_->take({piece.data(), piece.size()})) {
    error = http::error::body_limit;
  }
  return piece.size();
}

void HttpParser::on_chunk_header_impl(std::uint64_t, Text, Error&) {}

std::size_t HttpParser::on_chunk_body_impl(std::uint64_t, Text piece, Error& error) {
  return on_body_impl(piece, error);
}

void HttpParser::on_finish_impl(Error&) {}

}  // namespace weir
