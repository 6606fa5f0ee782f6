#include "router/ingest/socket_setup.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "router/ingest/socket_file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using weir::bind_inet;
using weir::bind_unix;
using weir::HostPort;
using weir::SocketKind;

TEST_CASE("port 0 takes a free port and says which; a taken one is an error") {
  HostPort first{.host = "", .port = 0};
  const auto bound = bind_inet(SocketKind::Stream, first, false, 0);
  REQUIRE(bound.has_value());
  CHECK(first.port != 0);
  HostPort second = first;
  const auto refused = bind_inet(SocketKind::Stream, second, false, 0);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().value() == EADDRINUSE);
}

TEST_CASE("shards share a port, on IPv6 as well") {
  HostPort address{.host = "::1", .port = 0};
  const auto first = bind_inet(SocketKind::Datagram, address, true, 1 << 20);
  if (!first) return;  // A machine without IPv6.
  const auto second = bind_inet(SocketKind::Datagram, address, true, 1 << 20);
  CHECK(second.has_value());
}

TEST_CASE("the socket of a dead process is replaced, a living one's and a plain file are not") {
  const weir::test::TempDir dir;
  const std::string path = dir.path() / "in.sock";
  {
    const auto dead = bind_unix(SocketKind::Stream, path, 0600, 0);
    REQUIRE(dead.has_value());
  }
  const auto living = bind_unix(SocketKind::Stream, path, 0640, 0);
  REQUIRE(living.has_value());
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0640);
  CHECK_FALSE(bind_unix(SocketKind::Stream, path, 0600, 0).has_value());

  const std::string file = dir.path() / "file";
  std::ofstream(file) << "keep me";
  const auto refused = bind_unix(SocketKind::Stream, file, 0600, 0);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().value() == EEXIST);
  CHECK_FALSE(bind_unix(SocketKind::Stream, dir.path() / "missing/in.sock", 0600, 0).has_value());
  CHECK_FALSE(bind_unix(SocketKind::Stream, "/" + std::string(200, 'x'), 0600, 0).has_value());
}

TEST_CASE("a socket's file goes with its last owner, but not a successor's of that name") {
  const weir::test::TempDir dir;
  const std::string path = dir.path() / "in.sock";
  const auto socket = bind_unix(SocketKind::Stream, path, 0600, 0);
  REQUIRE(socket.has_value());
  { const weir::SocketFile file(path); }
  CHECK_FALSE(std::filesystem::exists(path));
  {
    const auto old = bind_unix(SocketKind::Stream, path, 0600, 0);
    const weir::SocketFile file(path);
    std::filesystem::rename(path, dir.path() / "moved.sock");
    std::ofstream(path) << "another's";
  }
  CHECK(std::filesystem::exists(path));
}
