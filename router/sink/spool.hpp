#pragma once

// Spool: a sink's log on disk at work: a thread that writes what the Buffer gives it, in groups
// with one fdatasync each, and deletes what is delivered; and the reading back, which is the
// runner's.
//
// With `retain` (SpoolLogOptions) what is delivered is kept for a while, as far as there is room
// for it: neither what is delivered nor who waits for it is held up by that.
//
// A disk that is full or fails stops nothing else: what cannot be written stays in memory, presses
// back (or is dropped, by `spool.when_full`), and is tried again until it can.
//
// The end is the writer's work, too: what is left goes to disk, and what whoever reads back looks
// into is freed when he has returned. So a disk that hangs holds up nobody who cannot wait.
//
// Threads: open() on the control thread, before anything else; read_back() with the sink's calls;
// the rest on any.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "router/base/block.hpp"
#include "router/base/io.hpp"
#include "router/sink/buffer.hpp"
#include "router/spool/record.hpp"
#include "router/spool/spool_log.hpp"
#include "router/spool/spool_reader.hpp"
#include "router/telemetry/log.hpp"

namespace weir {

enum class WhenSpoolFull : std::uint8_t { Block, DropNewest, DropOldest };

struct SpoolOptions {
  SpoolLogOptions log;
  std::size_t sync_bytes = 1 << 20;            ///< Of one group.
  std::chrono::milliseconds sync_interval{5};  ///< For a group that nobody waits for.
  std::chrono::milliseconds age{0};            ///< Older events are dropped; 0 = none.
  WhenSpoolFull when_full = WhenSpoolFull::Block;
  std::size_t column_count = 0;               ///< Of the sink.
  std::shared_ptr<ColumnSource> columns;      ///< Null where there are none.
  std::chrono::milliseconds end_max{10'000};  ///< What the end may take of the disk.
  Io* io = nullptr;                           ///< Null: the system's. Outlives the Spool.
};

class Spool {
 public:
  /// All references outlive it. `on_pressure_change` is called on the writer's thread.
  Spool(std::string sink, SpoolOptions options, Buffer& buffer, MemoryBudget& memory, Log& log,
        std::function<void()> on_pressure_change);
  /// Waits for the end. One whose disk hangs is never destroyed.
  ~Spool();

  /// Opens the log, attaches it to the Buffer, and starts to write.
  Result<void> open();

  enum class Reading { Nothing, Read, NotNow };
  /// Reads the next of what is on disk only into the Buffer.
  Reading read_back();

  /// The sink is closed, or given up: nothing is read back from now on, and what is left goes to
  /// disk. Waits for that, and until nobody reads.
  void finish();
  /// The same, no longer than until `until`. False: not yet; ask again.
  bool finish(SteadyTime until);
  /// After finish(), where this will never be destroyed. Not on the sink's thread.
  void join();

  /// Why nothing can be written, in a sentence; "" where all is well.
  std::string trouble() const;
  /// See SpoolLog::fullness().
  double fullness() const;
  void fill(SinkBalance& balance) const;

 private:
  void run();
  void begin_end();
  void end();
  bool begin_reading();
  void end_reading();
  Reading read(const Extent& wanted);
  bool write(std::span<SpoolJob> group);
  void write_rest();
  void write_copies();
  void on_failure(const ErrorCode& error, bool copies_only);
  void make_room();
  void upkeep(bool now);
  void set_trouble(std::string trouble, std::string& kind);
  void wait(std::chrono::milliseconds time);

  const std::string sink_;
  const SpoolOptions options_;
  Buffer& buffer_;
  Log& log_;
  const std::function<void()> on_pressure_change_;
  Io system_;
  Io& io_;
  BlockPool blocks_;
  SourceNames names_;
  std::unique_ptr<SpoolLog> log_on_disk_;  // The writer's thread, but for the directory's reading.
  std::unique_ptr<SpoolReader> reader_;
  Position consumed_;  // As the log was told.
  SteadyTime consumed_at_{};
  bool is_open_ = false;
  bool keeps_ = true;  // No copy was left out since something was written.

  mutable std::mutex state_;
  std::condition_variable ending_changed_;
  bool ending_ = false;   // Guarded by state_, as what follows.
  bool reading_ = false;  // Somebody is in reader_.
  bool ended_ = false;
  std::string trouble_;  // With writing...
  std::string untidy_;   // ...with the cursor and with deleting...
  std::string unread_;   // ...and with reading back.
  std::uint64_t bytes_ = 0;
  double fullness_ = 0;
  std::thread thread_;
};

}  // namespace weir
