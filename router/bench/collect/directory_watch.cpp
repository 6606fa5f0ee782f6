#include "router/bench/collect/directory_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

namespace weir::bench {
namespace {

constexpr std::uint32_t kNames = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

// Names at most as long as NAME_MAX: some hundred events of the usual length.
constexpr std::size_t kEventBytes = 16 * 1024;

// Reads before the caller has its turn: a writer may cause events faster than they are read.
constexpr int kReadsMax = 16;

}  // namespace

DirectoryWatch::DirectoryWatch(boost::asio::io_context& io, std::function<void()> on_change) {
  Fd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (inotify) inotify_.emplace(io, std::move(inotify), std::move(on_change));
}

void DirectoryWatch::add(const std::string& directory) {
  if (!inotify_) return;
  const char* path = directory.empty() ? "." : directory.c_str();
  const int watch = ::inotify_add_watch(inotify_->fd(), path, IN_MODIFY | IN_ONLYDIR | kNames);
  // The same number as before where it is the same directory.
  if (watch >= 0) directories_.insert_or_assign(watch, directory);
}

void DirectoryWatch::wait() {
  if (inotify_) inotify_->wait();
}

DirectoryWatch::Changes DirectoryWatch::take() {
  Changes changes;
  if (!inotify_) return changes;
  alignas(inotify_event) std::array<char, kEventBytes> bytes;
  for (int i = 0; i < kReadsMax; ++i) {
    const ssize_t got = ::read(inotify_->fd(), bytes.data(), bytes.size());
    if (got <= 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      inotify_event event{};
      std::memcpy(&event, bytes.data() + at, sizeof event);
      const char* name = bytes.data() + at + sizeof event;
      at += sizeof event + event.len;
      if ((event.mask & (kNames | IN_Q_OVERFLOW)) != 0) changes.names = true;
      if ((event.mask & IN_IGNORED) != 0) {
        directories_.erase(event.wd);
        continue;
      }
      const auto directory = directories_.find(event.wd);
      if (event.len == 0 || directory == directories_.end()) continue;
      std::string path = directory->second + name;
      // One writer's events follow each other.
      if (changes.paths.empty() || changes.paths.back() != path) {
        changes.paths.push_back(std::move(path));
      }
    }
  }
  return changes;
}

}  // namespace weir::bench
