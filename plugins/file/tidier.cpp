#include "plugins/file/tidier.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>
#include <vector>

#include "plugins/file/compress.hpp"
#include "plugins/file/directory.hpp"
#include "plugins/file/rotated_name.hpp"

namespace weir::file {
namespace {

struct Found {
  std::string entry;
  RotatedName rotated;
};

/// The rotated files of the log file `name`, oldest first.
std::vector<Found> rotated_files(Io& io, int directory, const std::string& name) {
  std::vector<Found> found;
  const int listed = io.openat(directory, ".", directory_flags());
  if (listed < 0) return found;
  DIR* const listing = ::fdopendir(listed);
  if (listing == nullptr) {
    const Fd closed(listed);
    return found;
  }
  while (const dirent* entry = ::readdir(listing)) {
    if (auto rotated = RotatedName::parse(entry->d_name, name)) {
      found.push_back({entry->d_name, std::move(*rotated)});
    }
  }
  ::closedir(listing);
  std::sort(found.begin(), found.end(),
            [](const Found& a, const Found& b) { return a.rotated.stamp < b.rotated.stamp; });
  return found;
}

/// Signals are for the threads that wait for them.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

Tidier::~Tidier() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_.store(true);
  }
  changed_.notify_one();
  thread_.join();
}

void Tidier::request(Fd directory, std::string name) {
  {
    const std::lock_guard lock(mutex_);
    if (requests_.size() >= kRequestsMax) return;
    requests_.push_back({std::move(directory), std::move(name)});
  }
  changed_.notify_all();
  if (thread_.joinable()) return;
  const SignalsBlocked inherited;
  thread_ = std::thread([this] { run(); });
}

void Tidier::finish(SteadyTime deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return requests_.empty() && !busy_; });
}

std::string Tidier::take_trouble() {
  const std::lock_guard lock(mutex_);
  return std::exchange(trouble_, {});
}

void Tidier::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stop_.load() || !requests_.empty(); });
    if (stop_.load()) return;
    const Request request = std::move(requests_.front());
    requests_.pop_front();
    busy_ = true;
    lock.unlock();
    tidy(request);
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

void Tidier::tidy(const Request& request) {
  const int directory = request.directory.get();
  const auto remove = [&](const std::string& entry) { io_->unlinkat(directory, entry.c_str()); };
  std::vector<Found> found = rotated_files(*io_, directory, request.name);
  std::erase_if(found, [&](const Found& file) {
    if (file.rotated.partial) remove(file.entry);
    return file.rotated.partial;
  });

  std::set<std::string> stamps, compressed;
  for (const auto& [entry, rotated] : found) {
    stamps.insert(rotated.stamp);
    if (rotated.compression != Compression::None) compressed.insert(rotated.stamp);
  }
  std::size_t too_many = 0;
  if (options_.keep != 0 && stamps.size() > options_.keep) {
    too_many = stamps.size() - static_cast<std::size_t>(options_.keep);
  }
  const auto oldest_kept = std::next(stamps.begin(), static_cast<std::ptrdiff_t>(too_many));
  for (const auto& [entry, rotated] : found) {
    const bool is_plain = rotated.compression == Compression::None;
    // Compressed, but not yet removed when a process ended.
    const bool is_left_over = is_plain && compressed.contains(rotated.stamp);
    if (rotated.stamp < *oldest_kept || is_left_over) {
      remove(entry);
    } else if (is_plain && options_.compression != Compression::None) {
      compress_one(directory, entry);
    }
  }
}

void Tidier::compress_one(int directory, const std::string& name) {
  const std::string target = name + std::string(suffix_of(options_.compression));
  const std::string partial = target + std::string(kPartialSuffix);
  constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  constexpr int kWriteFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  const Fd from(io_->openat(directory, name.c_str(), kReadFlags));
  struct stat status {};
  if (!from || io_->fstat(from.get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  const Fd to(io_->openat(directory, partial.c_str(), kWriteFlags, options_.mode));
  Result<void> done = to ? compress(*io_, from.get(), to.get(), options_.compression, stop_)
                         : Result<void>(last_error());
  // The original goes only when its replacement is on the disk and has its name.
  if (done && io_->fdatasync(to.get()) != 0) done = last_error();
  if (done && io_->rename_new(directory, partial.c_str(), target.c_str()) != 0) done = last_error();
  if (done) {
    io_->unlinkat(directory, name.c_str());
    return;
  }
  if (to) io_->unlinkat(directory, partial.c_str());
  if (done.error().value() != ECANCELED) {
    report("cannot compress " + name + ": " + done.error().message());
  }
}

void Tidier::report(std::string trouble) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(trouble);
}

}  // namespace weir::file
