#include "router/base/tls_session.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>

#include "router/base/io.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/failing_io.hpp"
#include "tests/support/temp_dir.hpp"

using weir::ErrorCode;
using weir::Fd;
using weir::Io;
using weir::TlsContext;
using weir::TlsSession;
using weir::test::Authority;
using weir::test::Credentials;
using weir::test::FailingIo;
using weir::test::TempDir;

namespace {

/// Both ends of a connection in one thread: each call does what it can, none waits.
struct Pair {
  explicit Pair(const std::string& server_name = "localhost", bool mutual = false) {
    const Credentials own = authority.issue("DNS:localhost,IP:127.0.0.1");
    files.write("own.pem", own.cert + own.key);
    files.write("ca.pem", authority.pem());
    const std::string ca = files / "ca.pem";
    const std::string pem = files / "own.pem";
    server_context = TlsContext::server({.cert = pem, .ca = mutual ? ca : ""});
    client_context = TlsContext::client({.cert = mutual ? pem : "", .ca = ca}, true);
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    server_end = Fd(ends[0]);
    client_end = Fd(ends[1]);
    server = TlsSession::server(*server_context, server_end.get(), io);
    client = TlsSession::client(*client_context, client_end.get(), io, server_name);
  }

  /// Steps on both sides until both are done or one has failed; the client's error, else the
  /// server's.
  ErrorCode shake_hands() {
    const ErrorCode wait{EAGAIN, boost::system::system_category()};
    for (int step = 0; step < 20; ++step) {
      const ErrorCode from_client = client->handshake();
      const ErrorCode from_server = server->handshake();
      if (from_client && from_client != wait) return from_client;
      if (from_server && from_server != wait) return from_server;
      if (!from_client && !from_server) return {};
    }
    return wait;
  }

  Authority authority{"weir test"};
  TempDir files;
  std::shared_ptr<const TlsContext> server_context;
  std::shared_ptr<const TlsContext> client_context;
  FailingIo io;
  Fd server_end;
  Fd client_end;
  std::unique_ptr<TlsSession> server;
  std::unique_ptr<TlsSession> client;
};

/// All that is there, read in pieces of `piece` bytes.
std::string read_all(TlsSession& session, std::size_t piece) {
  std::string all;
  std::string room(piece, '\0');
  for (;;) {
    const ssize_t count = session.read(room.data(), room.size());
    if (count <= 0) return all;
    all.append(room.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

TEST_CASE("bytes written on one side are read on the other, in pieces of any size") {
  Pair pair;
  REQUIRE_FALSE(pair.shake_hands());
  const std::string bytes(40'000, 'x');
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t taken = pair.client->write(bytes.data() + done, bytes.size() - done);
    REQUIRE(taken > 0);
    done += static_cast<std::size_t>(taken);
  }
  CHECK(pair.client->bytes_written() > bytes.size());
  const std::size_t piece = GENERATE(std::size_t{1}, std::size_t{1000}, std::size_t{100'000});
  CHECK(read_all(*pair.server, piece) == bytes);
  CHECK(errno == EAGAIN);
  CHECK_FALSE(pair.server->holds_more());
}

TEST_CASE("a session holds more after a read that was full, and says so") {
  Pair pair;
  REQUIRE_FALSE(pair.shake_hands());
  REQUIRE(pair.client->write("0123456789", 10) == 10);
  std::array<char, 4> room{};
  CHECK(pair.server->read(room.data(), room.size()) == 4);
  CHECK(pair.server->holds_more());
  CHECK(read_all(*pair.server, 4) == "456789");
  CHECK_FALSE(pair.server->holds_more());
}

TEST_CASE("a record that the socket takes in parts goes out whole, once there is room") {
  Pair pair;
  REQUIRE_FALSE(pair.shake_hands());
  const std::string record(16'384, 'r');
  std::size_t taken = 0;
  while (pair.client->write(record.data(), record.size()) > 0) taken += record.size();
  CHECK(errno == EAGAIN);
  CHECK(pair.client->wants_writable());
  std::size_t got = read_all(*pair.server, 65'536).size();
  CHECK(got >= taken);
  // The same bytes again, from another place in memory.
  const std::string copy = record;
  CHECK(pair.client->write(copy.data(), copy.size()) == static_cast<ssize_t>(copy.size()));
  got += read_all(*pair.server, 65'536).size();
  CHECK(got == taken + record.size());
}

TEST_CASE("an end with close_notify is an end, one without is an error") {
  Pair pair;
  REQUIRE_FALSE(pair.shake_hands());
  REQUIRE(pair.client->write("last", 4) == 4);
  std::array<char, 100> room{};
  SECTION("with") {
    pair.client->say_goodbye();
    CHECK(pair.server->read(room.data(), room.size()) == 4);
    CHECK(pair.server->holds_more());  // So nobody waits for a socket that stays silent.
    CHECK(pair.server->read(room.data(), room.size()) == 0);
    CHECK(pair.server->read(room.data(), room.size()) == 0);
    CHECK_FALSE(pair.server->error());
  }
  SECTION("without") {
    pair.client_end.close();
    CHECK(pair.server->read(room.data(), room.size()) == 4);
    CHECK(pair.server->read(room.data(), room.size()) == -1);
    CHECK(errno != EAGAIN);
    CHECK(pair.server->error().message().find("close_notify") != std::string::npos);
  }
  SECTION("with a record that is no record") {
    CHECK(pair.server->read(room.data(), room.size()) == 4);
    REQUIRE(::send(pair.client_end.get(), "\x17\x03\x03\x00\x14garbage garbage garb", 25, 0) == 25);
    CHECK(pair.server->read(room.data(), room.size()) == -1);
    CHECK(pair.server->error());
  }
}

TEST_CASE("the client checks chain and name, also where the name is an address") {
  SECTION("right") {
    Pair pair(GENERATE("localhost", "127.0.0.1"));
    CHECK_FALSE(pair.shake_hands());
  }
  SECTION("wrong") {
    Pair pair(GENERATE("example.com", "127.0.0.2", "::1", "localhost.example.com"));
    const ErrorCode error = pair.shake_hands();
    INFO(error.message());
    CHECK(error.message().find("not accepted") != std::string::npos);
  }
}

TEST_CASE("a client that was asked for its certificate awaits a verdict") {
  Pair pair("localhost", true);
  // OpenSSL's purpose of a certificate without one is any.
  REQUIRE_FALSE(pair.shake_hands());
  CHECK(pair.client->awaits_verdict());
  Pair without;
  REQUIRE_FALSE(without.shake_hands());
  CHECK_FALSE(without.client->awaits_verdict());
}

TEST_CASE("a socket that fails is an error, and stays one") {
  Pair pair;
  REQUIRE_FALSE(pair.shake_hands());
  pair.io.fail = [](std::string_view call) { return call == "send" ? EPIPE : 0; };
  CHECK(pair.client->write("x", 1) == -1);
  CHECK(pair.client->error() == ErrorCode(EPIPE, boost::system::system_category()));
  pair.io.fail = nullptr;
  CHECK(pair.client->write("x", 1) == -1);
  CHECK(errno != EAGAIN);
}
