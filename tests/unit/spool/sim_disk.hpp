#pragma once

// SimDisk: an Io on a real directory that knows what a power cut would leave of it: what was
// written and not synced may be there, or not, or half. It can also stop at any call, as a killed
// process does, be full, and fail to sync.
//
// It is harsher than file systems are: what was not synced goes in any order, 512 bytes at a time;
// names that were not synced go from the last on. After an fdatasync() that failed, what it should
// have written may go whatever is synced later, as the kernel has it (the pages are marked clean).
//
// One directory, files in it only. Threads: one.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "router/base/io.hpp"

namespace weir::test {

class SimDisk final : public Io {
 public:
  static constexpr std::uint64_t kNever = UINT64_MAX;

  /// `directory` exists and is empty. Outlives nothing that has its files open.
  SimDisk(std::filesystem::path directory, std::mt19937_64& random)
      : directory_(std::move(directory)), random_(random) {}

  // Faults, to be set at any time.
  std::uint64_t die_at = kNever;     ///< The changing call, counted from 0, that is not made.
  bool die_torn = false;             ///< Of that call, if it writes, some is made.
  std::uint64_t bytes_max = kNever;  ///< Of all files.
  unsigned sync_fails_one_in = 0;    ///< EIO; 0: never.
  std::uint64_t failed_syncs = 0;    ///< So far.

  /// Changing calls so far.
  std::uint64_t calls() const noexcept { return calls_; }
  /// The call die_at came: nothing is done any more.
  bool is_dead() const noexcept { return dead_; }

  enum class Ending {
    Kill,     ///< What the process has written stays.
    LoseAll,  ///< The power goes: nothing stays that was not synced,
    LoseSome  ///< or some of it, in no order.
  };
  /// What comes then. Requires: no file is open any more.
  void end(Ending ending);

  /// Whether something was written that is not synced.
  bool has_unsynced() const noexcept;
  std::uint64_t bytes_used() const;

  /// Looks at what the real directory holds, after somebody else has changed it: as it is, it is
  /// durable. Requires: no file is open.
  void look_again();

  ssize_t pread(int fd, void* to, std::size_t size, off_t offset) noexcept override;
  ssize_t pwritev(int fd, const iovec* pieces, int count, off_t offset) noexcept override;
  int ftruncate(int fd, off_t size) noexcept override;
  int allocate(int fd, off_t size) noexcept override;
  int fdatasync(int fd) noexcept override;
  int fsync(int fd) noexcept override;
  int openat(int directory, const char* path, int flags, mode_t mode) noexcept override;
  int rename_over(int directory, const char* from, const char* to) noexcept override;
  int unlinkat(int directory, const char* path) noexcept override;

 private:
  struct Change {
    enum class Kind { Write, Resize } kind;
    std::uint64_t at;  // Offset, or the new size.
    std::string bytes;
    bool doomed = false;  // A sync that failed has forgotten it.
  };
  struct File {
    std::string durable;
    std::string current;
    std::vector<Change> changes;  // From the one to the other.
  };
  using Names = std::map<std::string, std::shared_ptr<File>>;

  bool refuses();
  bool has_room(const File& file, std::uint64_t size) const;
  void change(File& file, Change change);
  void lose(File& file, Ending ending);
  void lose_names(Ending ending);
  void write_out();
  static void apply(std::string& content, const Change& change);

  std::filesystem::path directory_;
  std::mt19937_64& random_;
  std::uint64_t calls_ = 0;
  bool dead_ = false;
  std::map<int, std::shared_ptr<File>> open_;  // The last that a descriptor stood for.
  Names names_;
  std::vector<Names> unsynced_names_;  // As they were before each change since the last sync.
};

}  // namespace weir::test
