#include "config/whole_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weir {
namespace {

/// A file descriptor that closes itself.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace

std::string read_whole_file(const std::string& path, std::size_t bytes_max, const Location& where) {
  const auto fail = [&](int error) {
    throw ConfigError(where, fmt::format("cannot read {}: {}", path, std::strerror(error)));
  };
  if (path.find('\0') != std::string::npos) throw ConfigError(where, "a path holds a NUL byte");
  const OpenFile file(path);
  if (file.descriptor() < 0) fail(errno);
  std::string text;
  constexpr std::size_t kReadBytes = 64 * 1024;
  while (true) {
    const std::size_t before = text.size();
    text.resize(before + kReadBytes);
    const ssize_t count = ::read(file.descriptor(), text.data() + before, kReadBytes);
    if (count < 0 && errno == EINTR) {
      text.resize(before);
      continue;
    }
    if (count < 0) fail(errno);
    text.resize(before + static_cast<std::size_t>(count));
    if (count == 0) return text;
    if (text.size() > bytes_max) {
      throw ConfigError(where, fmt::format("{} has more than {} bytes", path, bytes_max));
    }
  }
}

}  // namespace weir
