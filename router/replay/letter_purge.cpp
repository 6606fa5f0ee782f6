#include "router/replay/letter_purge.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <thread>

#include "plugins/file/compress.hpp"
#include "router/base/clock.hpp"
#include "router/base/io.hpp"
#include "router/replay/letter_reader.hpp"
#include "router/telemetry/printable.hpp"

namespace weir {
namespace {

constexpr std::chrono::milliseconds kLookAgain{50};
constexpr std::size_t kWriteBytes = 256 * 1024;

/// One file at work. Each step says "" or what is in its way.
class Purge {
 public:
  Purge(const LetterPath& file, const std::function<bool(std::string_view)>& goes, Io& io)
      : path_(file.path),
        home_(file.home),
        aside_(home_ + std::string(kPurgingSuffix)),
        rest_path_(home_ + "@purge.tmp"),
        goes_(goes),
        io_(io) {}

  PurgeResult run(std::chrono::milliseconds patience) {
    std::string trouble = look();
    if (trouble.empty() && result_.removed != 0) {
      result_ = {};
      trouble = replace(patience);
    }
    if (!trouble.empty()) {
      result_.removed = 0;
      result_.trouble = fmt::format("{} was left as it is: {}", printable(home_), trouble);
    }
    return result_;
  }

 private:
  /// Counts what would go: where nothing does, the file is not touched.
  std::string look() {
    file_ = Fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file_) return last_error().message();
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) return "another purge is at work on it";
    return read([](std::string_view) { return true; });
  }

  std::string replace(std::chrono::milliseconds patience) {
    if (path_ != aside_ && io_.rename_new(AT_FDCWD, path_.c_str(), aside_.c_str()) != 0) {
      if (errno == EEXIST) return "a purge before this one was broken off; purge again";
      return last_error().message();
    }
    if (!has_name(file_, aside_)) {
      take_back();  // A name that a writer, who rotates, has given to another file meanwhile.
      return "it was rotated meanwhile; purge again";
    }
    std::string trouble = await_writers(patience);
    if (trouble.empty()) trouble = write_rest();
    if (trouble.empty()) trouble = give_name();
    ::unlink(rest_path_.c_str());
    if (trouble.empty() && ::fcntl(file_.get(), F_GETLEASE) != F_RDLCK) {
      trouble = "somebody opened it meanwhile; letters may be there twice";
    }
    if (!trouble.empty()) {
      take_back();
      return trouble;
    }
    if (::unlink(aside_.c_str()) != 0) return last_error().message();
    ::fcntl(file_.get(), F_SETLEASE, F_UNLCK);
    sync_directory();
    return "";
  }

  static bool has_name(const Fd& file, const std::string& path) {
    struct stat ours {};
    struct stat named {};
    return ::fstat(file.get(), &ours) == 0 &&
           ::fstatat(AT_FDCWD, path.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
  }

  /// Until the kernel grants a lease for reading: nobody has it open to write.
  std::string await_writers(std::chrono::milliseconds patience) {
    std::signal(SIGIO, SIG_IGN);  // Who opens a file with a lease makes the kernel send it.
    const SteadyTime deadline = steady_now() + patience;
    while (::fcntl(file_.get(), F_SETLEASE, F_RDLCK) != 0) {
      if (errno != EAGAIN && errno != EINTR) {
        return fmt::format(
            "it cannot be told whether somebody writes to it ({}); run this as the user who owns "
            "the file",
            last_error().message());
      }
      if (steady_now() >= deadline) {
        return "somebody goes on writing to it; stop that process, or send it SIGHUP";
      }
      std::this_thread::sleep_for(kLookAgain);
    }
    return "";
  }

  /// Gives each line that stays to `keep`, which says whether to go on.
  std::string read(const std::function<bool(std::string_view)>& keep) {
    if (::lseek(file_.get(), 0, SEEK_SET) != 0) return last_error().message();
    Result<LetterReader> reader =
        LetterReader::adopt(Fd(::fcntl(file_.get(), F_DUPFD_CLOEXEC, 0)), home_);
    if (!reader) return reader.error().message();
    while (true) {
      std::string_view line;
      const LetterReader::Got got = reader->next(line);
      if (got == LetterReader::Got::End) return "";
      if (got == LetterReader::Got::TooLong) return "it has a line that is too long to be copied";
      if (got == LetterReader::Got::Damaged) return "it is damaged";
      if (got == LetterReader::Got::Line && goes_(line)) {
        ++result_.removed;
        continue;
      }
      ++result_.kept;
      if (!keep(line)) return last_error().message();
    }
  }

  bool write(int fd, std::string& bytes) {
    iovec piece{bytes.data(), bytes.size()};
    std::span<iovec> pieces(&piece, 1);
    const Written written = write_all(io_, fd, pieces);
    bytes.clear();
    if (!written.error) return true;
    errno = written.error.value();
    return false;
  }

  /// Whole lines. Where that fails no half of one is left, to which a writer's next letter would be
  /// joined.
  bool append(int fd, std::string& bytes) {
    struct stat before {};
    struct stat after {};
    if (::fstat(fd, &before) != 0) return false;
    iovec piece{bytes.data(), bytes.size()};
    std::span<iovec> pieces(&piece, 1);
    const Written written = write_all(io_, fd, pieces);
    if (!written.error) {
      bytes.clear();
      return true;
    }
    const auto grown = static_cast<off_t>(written.bytes);
    if (written.bytes != 0 && bytes[written.bytes - 1] != '\n') {
      const bool is_ours = ::fstat(fd, &after) == 0 && after.st_size == before.st_size + grown;
      if (!is_ours || io_.ftruncate(fd, before.st_size) != 0) {
        std::string end = "\n";  // Somebody else has appended, too: that is left alone.
        write(fd, end);
      }
    }
    errno = written.error.value();
    return false;
  }

  Fd create(const std::string& path) {
    struct stat status {};
    ::unlink(path.c_str());
    Fd created(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    // The writer has to be able to go on with it.
    if (!created || ::fstat(file_.get(), &status) != 0 ||
        ::fchown(created.get(), status.st_uid, status.st_gid) != 0 ||
        ::fchmod(created.get(), status.st_mode & 07777) != 0) {
      return {};
    }
    return created;
  }

  file::Compression packing() const {
    if (home_.ends_with(".gz")) return file::Compression::Gzip;
    if (home_.ends_with(".zst")) return file::Compression::Zstd;
    return file::Compression::None;
  }

  std::string write_rest() {
    Fd rest = create(rest_path_);
    if (!rest) return last_error().message();
    std::string bytes;
    std::string trouble = read([&](std::string_view line) {
      bytes.append(line).append("\n");
      return bytes.size() < kWriteBytes || write(rest.get(), bytes);
    });
    if (trouble.empty() && !bytes.empty() && !write(rest.get(), bytes)) {
      trouble = last_error().message();
    }
    if (trouble.empty() && packing() != file::Compression::None) trouble = pack(rest);
    if (trouble.empty() && ::fsync(rest.get()) != 0) trouble = last_error().message();
    return trouble;
  }

  std::string pack(Fd& rest) {
    if (::lseek(rest.get(), 0, SEEK_SET) != 0) return last_error().message();
    Fd packed = create(rest_path_);  // The plain one has no name any more.
    if (!packed) return last_error().message();
    const std::atomic<bool> stop{false};
    const Result<void> done = file::compress(io_, rest.get(), packed.get(), packing(), stop);
    if (!done) return done.error().message();
    rest = std::move(packed);
    return "";
  }

  /// What stays gets the file's name, or goes to the end of what has it now.
  std::string give_name() {
    if (result_.kept == 0) return "";
    if (::link(rest_path_.c_str(), home_.c_str()) == 0) return "";
    if (errno != EEXIST) return last_error().message();
    if (packing() != file::Compression::None) return "there is another file of that name";
    const Fd rest(::open(rest_path_.c_str(), O_RDONLY | O_CLOEXEC));
    const Fd end(::open(home_.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
    if (!rest || !end) return last_error().message();
    // As every writer does (plugins/file): nobody cuts anything off the end, or packs it,
    // meanwhile.
    if (io_.lock(end.get(), F_RDLCK) != 0 && errno == EAGAIN) {
      return "somebody has it for himself just now; purge again";
    }
    struct stat status {};
    if (::fstat(end.get(), &status) != 0) return last_error().message();
    std::string bytes;
    char last = '\n';
    if (status.st_size != 0 && ::pread(end.get(), &last, 1, status.st_size - 1) == 1 &&
        last != '\n') {
      bytes = "\n";
    }
    std::string trouble = copy_lines(rest, end, bytes);
    if (trouble.empty() && ::fsync(end.get()) != 0) trouble = last_error().message();
    // Who rotates it packs it and removes it, perhaps before all of this was there.
    if (trouble.empty() && !has_name(end, home_)) {
      trouble = "it was rotated meanwhile, and letters may be there twice; purge again";
    }
    return trouble;
  }

  /// Whole lines in each write: another process appends between them.
  std::string copy_lines(const Fd& rest, const Fd& end, std::string& bytes) {
    Result<LetterReader> reader =
        LetterReader::adopt(Fd(::fcntl(rest.get(), F_DUPFD_CLOEXEC, 0)), home_);
    if (!reader) return reader.error().message();
    std::string_view line;
    while (reader->next(line) == LetterReader::Got::Line) {
      bytes.append(line).append("\n");
      if (bytes.size() >= kWriteBytes && !append(end.get(), bytes)) return last_error().message();
    }
    if (!bytes.empty() && !append(end.get(), bytes)) return last_error().message();
    return "";
  }

  /// The old name, if nobody has it. Else the next command finds it under the other.
  void take_back() {
    ::fcntl(file_.get(), F_SETLEASE, F_UNLCK);
    if (path_ != aside_) io_.rename_new(AT_FDCWD, aside_.c_str(), home_.c_str());
  }

  void sync_directory() const {
    const std::size_t slash = home_.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : home_.substr(0, slash + 1);
    const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd) ::fsync(fd.get());  // Without it, at worst, the letters are back after a power cut.
  }

  const std::string path_;
  const std::string home_;
  const std::string aside_;
  const std::string rest_path_;
  const std::function<bool(std::string_view)>& goes_;
  Io& io_;
  Fd file_;
  PurgeResult result_;
};

}  // namespace

PurgeResult purge_letters(const LetterPath& file, const std::function<bool(std::string_view)>& goes,
                          std::chrono::milliseconds patience) {
  Io io;
  return purge_letters(file, goes, patience, io);
}

PurgeResult purge_letters(const LetterPath& file, const std::function<bool(std::string_view)>& goes,
                          std::chrono::milliseconds patience, Io& io) {
  return Purge(file, goes, io).run(patience);
}

}  // namespace weir
