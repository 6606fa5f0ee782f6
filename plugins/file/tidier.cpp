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

/// Who has a file open that was rotated notices within a second.
constexpr std::chrono::milliseconds kLookAgainAfter{1000};

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

/// Opens a rotated file and locks it: nobody writes to it as long as the descriptor is open. A file
/// that nobody of this user can write to, or in a place without locks, is not locked.
Result<Fd> open_alone(Io& io, int directory, const std::string& name) {
  constexpr int kFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  struct stat status {};
  if (io.fstatat(directory, name.c_str(), &status) != 0) return last_error();
  if (!S_ISREG(status.st_mode)) return ErrorCode(EINVAL, boost::system::system_category());
  Fd file(io.openat(directory, name.c_str(), O_RDWR | kFlags));
  if (!file && (errno == EACCES || errno == EPERM)) {
    file = Fd(io.openat(directory, name.c_str(), O_RDONLY | kFlags));
  }
  if (!file) return last_error();
  if (io.lock(file.get(), F_WRLCK) != 0 && errno == EAGAIN) return last_error();
  return file;
}

/// After open_alone(): somebody has it open, or may have: there was no descriptor left to see.
bool may_be_open(const ErrorCode& error) noexcept {
  switch (error.value()) {
    case EINVAL:  // A symlink, or what else no sink writes to.
    case ENOENT:
    case EACCES:
    case EPERM:
      return false;
    default:
      return true;
  }
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
    Request request = take_next(lock);
    if (stop_.load()) return;
    busy_ = true;
    lock.unlock();
    if (!tidy(request)) look_again_later(std::move(request));
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

/// Waits for it. Nothing once the thread is to stop.
Tidier::Request Tidier::take_next(std::unique_lock<std::mutex>& lock) {
  const auto is_wanted = [this] { return stop_.load() || !requests_.empty(); };
  if (left_.empty()) {
    changed_.wait(lock, is_wanted);
  } else if (!changed_.wait_until(lock, left_.front().again, is_wanted)) {
    Request request = std::move(left_.front().request);
    left_.pop_front();
    return request;
  }
  if (stop_.load()) return {};
  Request request = std::move(requests_.front());
  requests_.pop_front();
  return request;
}

void Tidier::look_again_later(Request request) {
  const auto is_same = [&](const Left& left) {
    struct stat one {
    }, other{};
    return left.request.name == request.name &&
           io_->fstat(left.request.directory.get(), &one) == 0 &&
           io_->fstat(request.directory.get(), &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
  };
  if (left_.size() >= kRequestsMax || std::any_of(left_.begin(), left_.end(), is_same)) return;
  left_.push_back({std::move(request), steady_now() + kLookAgainAfter});
}

/// False where something was locked.
bool Tidier::tidy(const Request& request) {
  const int directory = request.directory.get();
  std::vector<Found> found = rotated_files(*io_, directory, request.name);
  std::erase_if(found, [&](const Found& file) {
    if (file.rotated.partial) io_->unlinkat(directory, file.entry.c_str());
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
  bool is_done = true;
  for (const auto& [entry, rotated] : found) {
    const bool is_plain = rotated.compression == Compression::None;
    // Compressed, but not yet removed when a process ended.
    const bool is_left_over = is_plain && compressed.contains(rotated.stamp);
    if (rotated.stamp < *oldest_kept) {
      is_done = remove(directory, entry) && is_done;
    } else if (is_left_over) {
      // The compressed one may have its name in memory only.
      if (io_->fdatasync(directory) == 0) is_done = remove(directory, entry) && is_done;
    } else if (is_plain && options_.compression != Compression::None) {
      is_done = compress_one(directory, entry) && is_done;
    }
  }
  return is_done;
}

/// False where it is locked.
bool Tidier::remove(int directory, const std::string& entry) {
  const Result<Fd> original = open_alone(*io_, directory, entry);
  if (original || !may_be_open(original.error())) {
    io_->unlinkat(directory, entry.c_str());
    return true;
  }
  return false;
}

/// False where it is locked.
bool Tidier::compress_one(int directory, const std::string& name) {
  const Result<Fd> original = open_alone(*io_, directory, name);
  if (!original) return !may_be_open(original.error());
  const Result<void> done = replace(directory, name, *original);
  if (!done && done.error().value() != ECANCELED) {
    report("cannot compress " + name + ": " + done.error().message());
  }
  return true;
}

Result<void> Tidier::replace(int directory, const std::string& name, const Fd& original) {
  const std::string target = name + std::string(suffix_of(options_.compression));
  const std::string partial = target + std::string(kPartialSuffix);
  constexpr int kWriteFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  const Fd to(io_->openat(directory, partial.c_str(), kWriteFlags, options_.mode));
  if (!to) return last_error();
  Result<void> done = compress(*io_, original.get(), to.get(), options_.compression, stop_);
  if (done && io_->fdatasync(to.get()) != 0) done = last_error();
  if (done && io_->rename_new(directory, partial.c_str(), target.c_str()) != 0) done = last_error();
  if (!done) {
    io_->unlinkat(directory, partial.c_str());
    return done;
  }
  // The original goes only when its replacement and the name of that are on the disk.
  if (io_->fdatasync(directory) != 0) return last_error();
  io_->unlinkat(directory, name.c_str());
  return {};
}

void Tidier::report(std::string trouble) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(trouble);
}

}  // namespace weir::file
