// Requests' headers: how they are parsed, which are refused before their body is read, and who is
// let in.

#include <string>
#include <vector>

#include "router/ingest/http_admission.hpp"
#include "router/ingest/http_parser.hpp"
#include "router/ingest/http_token.hpp"
#include "tests/support/catch.hpp"

using namespace weir;

namespace {

/// The status that the header is refused with; 0: it is not; -1: it cannot be parsed.
int refused(const std::string& text, const HttpSourceOptions& options = {}) {
  HttpParser parser;
  boost::system::error_code error;
  parser.parse(text, error);
  if (error || !parser.is_header_done()) return -1;
  const auto answer = refuse_by_head(parser, options, options.body_bytes_max);
  return answer ? static_cast<int>(answer->status) : 0;
}

std::string post(const std::string& fields, const std::string& method = "POST") {
  return method + " /any/path?a=b HTTP/1.1\r\nHost: weir\r\n" + fields + "\r\n";
}

const std::string kLength = "Content-Length: 3\r\n";

}  // namespace

TEST_CASE("a request with events is let pass", "[http]") {
  CHECK(refused(post(kLength)) == 0);
  CHECK(refused(post(kLength, "PUT")) == 0);
  CHECK(refused(post("Transfer-Encoding: chunked\r\n")) == 0);
  CHECK(refused(post("Content-Length: 0\r\n")) == 0);
  CHECK(refused(post(kLength + "Expect: 100-Continue\r\nContent-Encoding: GZIP\r\n")) == 0);
  CHECK(refused(post(kLength + "Content-Encoding: zstd\r\n")) == 0);
  CHECK(refused(post(kLength + "Content-Encoding: identity\r\n")) == 0);
  CHECK(refused(post(kLength + "Idempotency-Key: " + std::string(255, 'k') + "\r\n")) == 0);
  CHECK(refused("POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\n") == 0);
}

TEST_CASE("what cannot be served is refused by its status", "[http]") {
  for (const auto* const method : {"GET", "HEAD", "DELETE", "OPTIONS", "PATCH", "BREW"}) {
    CHECK(refused(post("", method)) == 405);
  }
  CHECK(refused("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n") == 400);
  CHECK(refused(post("Host: b\r\n" + kLength)) == 400);
  CHECK(refused(post("")) == 411);
  CHECK(refused(post(kLength + "Content-Encoding: deflate\r\n")) == 415);
  CHECK(refused(post(kLength + "Content-Encoding: gzip, gzip\r\n")) == 415);
  CHECK(refused(post(kLength + "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n")) == 415);
  CHECK(refused(post("Content-Length: 16777216\r\n")) == 0);
  CHECK(refused(post("Content-Length: 16777217\r\n")) == 413);
  CHECK(refused(post("Content-Length: 18446744073709551615\r\n")) == 413);
  CHECK(refused(post("Transfer-Encoding: gzip, chunked\r\n")) == 501);
  CHECK(refused(post(kLength + "Expect: a-miracle\r\n")) == 417);
  CHECK(refused(post(kLength + "Idempotency-Key:\r\n")) == 400);
  CHECK(refused(post(kLength + "Idempotency-Key: a\r\nidempotency-key: b\r\n")) == 400);
  CHECK(refused(post(kLength + "Idempotency-Key: " + std::string(256, 'k') + "\r\n")) == 400);
}

TEST_CASE("a request whose end is not clear is no request", "[http]") {
  CHECK(refused(post("Content-Length: 3\r\nContent-Length: 4\r\n")) == -1);
  CHECK(refused(post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")) == -1);
  CHECK(refused(post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n")) == -1);
  CHECK(refused(post("Content-Length: -1\r\n")) == -1);
  CHECK(refused(post("Content-Length: 0x3\r\n")) == -1);
  CHECK(refused(post("Content-Length: 18446744073709551616\r\n")) == -1);
  CHECK(refused(post("Content-Length : 3\r\n")) == -1);
  CHECK(refused("POST / HTTP/2.0\r\n\r\n") == -1);
  CHECK(refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == -1);
  CHECK(refused(std::string("\x16\x03\x01\x02\x00\x01", 6)) == -1);
  CHECK(refused(post("A: " + std::string(20'000, 'a') + "\r\n")) == -1);
}

TEST_CASE("the token is Bearer, or the password of Basic", "[http]") {
  const HttpToken token("s3cret=");
  CHECK(token.admits("Bearer s3cret="));
  CHECK(token.admits("bearer  s3cret="));
  CHECK(token.admits("Basic dTpzM2NyZXQ9"));          // u:s3cret=
  CHECK(token.admits("basic OnMzY3JldD0="));          // :s3cret=
  CHECK(token.admits("Basic YW55b25lOnMzY3JldD0="));  // anyone:s3cret=
  for (const auto* const wrong :
       {"", "Bearer", "Bearer ", "Bearer s3cret",
        "Bearer s3cret==", "Bearer S3CRET=", "s3cret=", "Token s3cret=", "Basic", "Basic ",
        "Basic s3cret=", "Basic czNjcmV0PQ==", "Basic ====", "Basic dTpzM2NyZXQ", "Basic !!!!",
        "Bearer dTpzM2NyZXQ9"}) {
    CAPTURE(wrong);
    CHECK_FALSE(token.admits(wrong));
  }
}

TEST_CASE("without the token nothing else is told", "[http]") {
  HttpSourceOptions options;
  options.token.emplace("abc");
  CHECK(refused(post(kLength), options) == 401);
  CHECK(refused(post("", "GET"), options) == 401);
  CHECK(refused(post(kLength + "Authorization: Bearer abd\r\n"), options) == 401);
  CHECK(refused(post(kLength + "Authorization: Bearer abc\r\n"), options) == 0);
  const std::string twice = "Authorization: Bearer abc\r\nAuthorization: Bearer abc\r\n";
  CHECK(refused(post(kLength + twice), options) == 401);
}

TEST_CASE("a body is found in any pieces, and what follows is left", "[http]") {
  const std::string chunked = post("Transfer-Encoding: chunked\r\n") +
                              "3;a=b\r\none\r\nA\r\n two three\r\n0\r\nTrailer: x\r\n\r\n";
  const std::string counted = post("Content-Length: 13\r\n") + "one two three";
  MemoryBudget budget(1 << 20);
  MemoryShare share(budget, 1 << 20);
  for (const std::string& request : {chunked, counted}) {
    for (const std::size_t piece : {1U, 2U, 7U, 1000U}) {
      HttpParser parser;
      HttpBody body(share, std::nullopt, 1000);
      parser.use(body);
      std::string rest;
      const std::string sent = request + "POST / HTTP/1.1\r\n";
      for (std::size_t at = 0; at < sent.size() && !parser.is_done(); at += piece) {
        rest += sent.substr(at, piece);
        std::size_t done = 1;
        while (done != 0) {
          boost::system::error_code error;
          done = parser.parse(rest, error);
          REQUIRE_FALSE(error);
          rest.erase(0, done);
        }
      }
      CHECK(parser.is_done());
      CHECK(body.bytes() == "one two three");
      CHECK(std::string("POST / HTTP/1.1\r\n").starts_with(rest));
    }
  }
}

TEST_CASE("a chunk that is none is no request", "[http]") {
  for (const auto* const body : {"x\r\n", "-1\r\n", "FFFFFFFFFFFFFFFFF\r\n", "3\r\nabcd\r\n"}) {
    MemoryBudget budget(1 << 20);
    MemoryShare share(budget, 1 << 20);
    HttpParser parser;
    HttpBody into(share, std::nullopt, 1000);
    parser.use(into);
    std::string rest = post("Transfer-Encoding: chunked\r\n") + body + "0\r\n\r\n";
    boost::system::error_code error;
    for (std::size_t done = 1; done != 0 && !error;) {
      done = parser.parse(rest, error);
      rest.erase(0, done);
    }
    CAPTURE(body);
    CHECK((error || !parser.is_done()));
  }
}
