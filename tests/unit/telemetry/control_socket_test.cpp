#include "router/telemetry/control_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "config/error.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace fs = std::filesystem;
using weir::ControlSocket, weir::default_control_socket;
using Place = weir::ControlSocket::Place;

namespace {

int connect_to(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int result = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address));
  ::close(fd);
  return result;
}

/// What a process that was killed leaves: a socket file on which nobody listens.
void leave_stale_socket(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  ::close(fd);
}

unsigned mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

}  // namespace

TEST_CASE("the default path follows the environment, then the user", "[telemetry]") {
  CHECK(default_control_socket({{"RUNTIME_DIRECTORY", "/run/weir"}, {"XDG_RUNTIME_DIR", "/r"}},
                               7) == "/run/weir/weir.sock");
  CHECK(default_control_socket({{"RUNTIME_DIRECTORY", "/run/a:/run/b"}}, 0) == "/run/a/weir.sock");
  CHECK(default_control_socket({{"XDG_RUNTIME_DIR", "/run/user/7"}}, 7) ==
        "/run/user/7/weir/weir.sock");
  CHECK(default_control_socket({{"RUNTIME_DIRECTORY", ""}, {"XDG_RUNTIME_DIR", ""}}, 0) ==
        "/run/weir/weir.sock");
  CHECK(default_control_socket({}, 1000) == "/tmp/weir-1000/weir.sock");
}

TEST_CASE("the socket is for its user alone, and gone afterwards", "[telemetry]") {
  weir::test::TempDir directory;
  const std::string path = directory / "run/weir.sock";
  {
    const ControlSocket socket(path, Place::Default);
    CHECK(socket.path() == path);
    CHECK(mode_of(path) == 0600);
    CHECK(mode_of(directory / "run") == 0700);
    CHECK(connect_to(path) == 0);
  }
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE("a dead process's socket is replaced", "[telemetry]") {
  weir::test::TempDir directory;
  const std::string path = directory / "weir.sock";
  leave_stale_socket(path);
  REQUIRE(connect_to(path) != 0);
  const auto place = GENERATE(Place::Default, Place::Named);
  const ControlSocket socket(path, place);
  CHECK(socket.path() == path);
  CHECK(connect_to(path) == 0);
}

TEST_CASE("a living process's default socket is left alone: another name is used", "[telemetry]") {
  weir::test::TempDir directory;
  const std::string path = directory / "weir.sock";
  const ControlSocket first(path, Place::Default);
  auto second = std::make_unique<ControlSocket>(path, Place::Default);
  CHECK(first.path() == path);
  CHECK(second->path() == directory / ("weir-" + std::to_string(::getpid()) + ".sock"));
  CHECK(connect_to(second->path()) == 0);
  const std::string second_path = second->path();
  second.reset();
  CHECK_FALSE(fs::exists(second_path));
  CHECK(connect_to(path) == 0);
}

TEST_CASE("a living process's named socket is an error", "[telemetry]") {
  weir::test::TempDir directory;
  const std::string path = directory / "weir.sock";
  const ControlSocket first(path, Place::Named);
  CHECK_THROWS_AS(ControlSocket(path, Place::Named), weir::ConfigError);
  CHECK(connect_to(path) == 0);
}

TEST_CASE("a file that is not a socket is never removed", "[telemetry]") {
  weir::test::TempDir directory;
  const std::string path = directory / "precious";
  std::ofstream(path) << "data";
  CHECK_THROWS_AS(ControlSocket(path, Place::Default), weir::ConfigError);
  CHECK(fs::file_size(path) == 4);
}

TEST_CASE("only its own socket is removed", "[telemetry]") {
  weir::test::TempDir directory;
  const std::string path = directory / "weir.sock";
  auto first = std::make_unique<ControlSocket>(path, Place::Named);
  fs::remove(path);
  const ControlSocket second(path, Place::Named);
  first.reset();
  CHECK(connect_to(path) == 0);
}

TEST_CASE("a place that cannot be had is told", "[telemetry]") {
  weir::test::TempDir directory;
  CHECK_THROWS_AS(ControlSocket(directory / "no/such/weir.sock", Place::Named), weir::ConfigError);
  CHECK_THROWS_AS(ControlSocket(directory / std::string(120, 'x'), Place::Named),
                  weir::ConfigError);
}

TEST_CASE("where everybody can write, a default directory must be our own", "[telemetry]") {
  weir::test::TempDir directory;
  REQUIRE(::chmod(directory.path().c_str(), 01777) == 0);
  REQUIRE(::mkdir((directory / "ours").c_str(), 0755) == 0);
  fs::create_directory_symlink(directory / "ours", directory / "link");
  {
    const ControlSocket socket(directory / "ours/weir.sock", Place::Default);
    CHECK(mode_of(directory / "ours") == 0700);
  }
  CHECK_THROWS_AS(ControlSocket(directory / "link/weir.sock", Place::Default), weir::ConfigError);
  if (::geteuid() == 0) {
    REQUIRE(::chown((directory / "ours").c_str(), 12345, 12345) == 0);
    CHECK_THROWS_AS(ControlSocket(directory / "ours/weir.sock", Place::Default), weir::ConfigError);
  }
}
