#include "router/telemetry/control_socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include "config/error.hpp"
#include "router/base/fd.hpp"
#include "router/base/socket_address.hpp"

namespace weir {
namespace {

constexpr int kBacklog = 64;

[[noreturn]] void fail(const std::string& path, const std::string& why,
                       const std::string& hint = "choose another path with --control PATH") {
  throw ConfigError({}, fmt::format("cannot listen on the control socket {}: {}", path, why), hint);
}

std::string error_text(int error) { return std::system_category().message(error); }

SocketAddress address_of(const std::string& path) {
  const Result<SocketAddress> address = unix_address(path);
  if (!address) fail(path, fmt::format("the path is longer than {} bytes", kUnixPathBytesMax));
  return *address;
}

Fd new_socket(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) fail(path, error_text(errno));
  return Fd(fd);
}

/// Where everybody can write to the parent (/tmp), somebody else could have made ours first.
void check_own(const std::string& path, const std::filesystem::path& directory) {
  struct stat parent {};
  if (::stat(directory.parent_path().c_str(), &parent) != 0) fail(path, error_text(errno));
  if ((parent.st_mode & (S_IWGRP | S_IWOTH)) == 0) return;
  struct stat status {};
  if (::lstat(directory.c_str(), &status) != 0) fail(path, error_text(errno));
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid()) {
    fail(path, fmt::format("{} belongs to somebody else", directory.string()));
  }
  if ((status.st_mode & 077) != 0 && ::chmod(directory.c_str(), 0700) != 0) {
    fail(path, error_text(errno));
  }
}

void prepare_directory(const std::string& path, ControlSocket::Place place) {
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  if (directory.empty()) return;  // The working directory.
  if (::mkdir(directory.c_str(), 0700) == 0) return;
  if (errno != EEXIST) {
    fail(path, fmt::format("cannot make {}: {}", directory.string(), error_text(errno)));
  }
  if (place == ControlSocket::Place::Default) check_own(path, directory);
}

/// Two routers that start at once must not both take a dead one's socket for free: whoever looks
/// and binds holds the directory. Bounded: somebody else's lock must not keep us from starting.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::string& path)
      : directory_(::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    using namespace std::chrono_literals;
    for (int attempt = 0; attempt < 100 && directory_.get() >= 0; ++attempt) {
      if (::flock(directory_.get(), LOCK_EX | LOCK_NB) == 0) return;
      std::this_thread::sleep_for(5ms);
    }
  }

 private:
  static std::string directory_of(const std::string& path) {
    const auto directory = std::filesystem::path(path).parent_path();
    return directory.empty() ? "." : directory.string();
  }

  Fd directory_;  // Closing it unlocks.
};

enum class Occupant { None, Dead, Alive };

Occupant occupant_of(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return Occupant::None;
    fail(path, error_text(errno));
  }
  if (!S_ISSOCK(status.st_mode)) fail(path, "there is a file that is not a socket");
  const Fd probe = new_socket(path);
  const SocketAddress address = address_of(path);
  if (::connect(probe.get(), address.get(), address.size) == 0) {
    return Occupant::Alive;
  }
  if (errno == ECONNREFUSED) return Occupant::Dead;
  if (errno == EAGAIN) return Occupant::Alive;  // Its backlog is full.
  if (errno == ENOENT) return Occupant::None;
  fail(path, error_text(errno));
}

/// The listening socket, or nothing where another process answers at `path`.
std::optional<int> listen_at(const std::string& path) {
  const SocketAddress address = address_of(path);
  const DirectoryLock lock(path);
  const Occupant occupant = occupant_of(path);
  if (occupant == Occupant::Alive) return std::nullopt;
  if (occupant == Occupant::Dead && ::unlink(path.c_str()) != 0) fail(path, error_text(errno));
  Fd fd = new_socket(path);
  ::fchmod(fd.get(), 0600);  // Before bind(2): the file is never open to others.
  if (::bind(fd.get(), address.get(), address.size) != 0 || ::chmod(path.c_str(), 0600) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    fail(path, error_text(errno));
  }
  return fd.release();
}

}  // namespace

std::string default_control_socket() {
  std::map<std::string, std::string> environment;
  for (const char* name : {"RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"}) {
    if (const char* value = std::getenv(name); value != nullptr) environment[name] = value;
  }
  return default_control_socket(environment, ::geteuid());
}

std::string default_control_socket(const std::map<std::string, std::string>& environment,
                                   uid_t user) {
  const auto value = [&environment](const char* name) {
    const auto at = environment.find(name);
    return at == environment.end() ? std::string() : at->second;
  };
  // systemd separates several directories by colons.
  const std::string runtime_directories = value("RUNTIME_DIRECTORY");
  const std::string runtime_directory =
      runtime_directories.substr(0, runtime_directories.find(':'));
  if (!runtime_directory.empty()) return runtime_directory + "/weir.sock";
  if (const std::string base = value("XDG_RUNTIME_DIR"); !base.empty()) {
    return base + "/weir/weir.sock";
  }
  if (user == 0) return "/run/weir/weir.sock";
  return fmt::format("/tmp/weir-{}/weir.sock", user);
}

ControlSocket::ControlSocket(const std::string& path, Place place) : path_(path) {
  prepare_directory(path_, place);
  std::optional<int> fd = listen_at(path_);
  if (!fd && place == Place::Default) {
    const auto directory = std::filesystem::path(path).parent_path();
    path_ = (directory / fmt::format("weir-{}.sock", ::getpid())).string();
    fd = listen_at(path_);
  }
  if (!fd) fail(path_, "another router answers there");
  fd_ = *fd;
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
}

ControlSocket::~ControlSocket() {
  if (fd_ >= 0) ::close(fd_);
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

int ControlSocket::take_fd() noexcept { return std::exchange(fd_, -1); }

}  // namespace weir
