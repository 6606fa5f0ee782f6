#pragma once

// LogFile: one open file that whole lines are appended to. It knows where the last whole line ends,
// and takes back what a failed write left behind it.
//
// Belongs to its sink's thread.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "router/base/io.hpp"
#include "router/base/result.hpp"

namespace weir::file {

class LogFile {
 public:
  /// What is done about half a line at the end of a file.
  enum class TornLine : std::uint8_t {
    End,  ///< The next append() ends it with a newline: its event does not come again.
    Cut,  ///< Cut off, where it is certain to be weir's own (torn_line.hpp); else ended.
  };

  /// Looks how long the file is, when it was last written to, and whether its last line is whole.
  /// EAGAIN where somebody has it for himself: try again, from opening on.
  static Result<LogFile> adopt(Io& io, Fd fd, TornLine torn);

  /// Appends `pieces`. After an error call take_back() before anything else.
  Written append(std::span<iovec> pieces) noexcept;

  /// After a failed append() that wrote `written` bytes, of which `whole` are whole lines: cuts off
  /// the rest. Where that fails, another weir has the file open, or another process has written
  /// behind it, the torn line stays and the next append() ends it with a newline.
  void take_back(std::size_t whole, std::size_t written) noexcept;

  /// Forces everything to the disk. After an error what was appended since the last sync() may or
  /// may not be there: forget_unsynced() and close.
  Result<void> sync() noexcept;

  /// Cuts off what was appended since the last sync(), under the same conditions.
  void forget_unsynced() noexcept;

  /// Looks at the size again: another process may have emptied the file.
  void refresh() noexcept;

  int fd() const noexcept { return fd_.get(); }
  std::uint64_t size() const noexcept { return size_; }
  bool dirty() const noexcept { return dirty_; }

  /// What adopt() cut off.
  std::uint64_t cut_bytes() const noexcept { return cut_bytes_; }

  /// When its first line came, or the last before it was opened. For rotation by time.
  std::int64_t started_ns() const noexcept { return started_ns_; }
  void set_started_ns(std::int64_t now_ns) noexcept { started_ns_ = now_ns; }

 private:
  LogFile(Io& io, Fd fd) noexcept : io_(&io), fd_(std::move(fd)) {}
  Result<void> look_at_end();
  bool cut(std::uint64_t end, std::uint64_t expected_size) noexcept;

  Io* io_;
  Fd fd_;
  std::uint64_t size_ = 0;         // Of whole lines, and torn ones that were ended.
  std::uint64_t synced_size_ = 0;  // What of it is on the disk for certain.
  bool dirty_ = false;
  std::int64_t started_ns_ = 0;
  bool line_is_torn_ = false;
  std::uint64_t cut_bytes_ = 0;
};

}  // namespace weir::file
