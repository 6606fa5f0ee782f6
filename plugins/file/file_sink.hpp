#pragma once

// FileSink: events to files below one directory, whole lines only. For each batch: split by path,
// then for each path one stream of writev(2), from the Blocks that the events were read into.
//
// A batch that failed comes again and goes on where it stopped: what is in a file stays there, what
// was torn was cut off.
//
// With `sync=batch`, "in the file" means on the disk. The batches that are written between two
// polls share one fdatasync for each of their files. Where one fails all of them come again: what
// that file is not known to have was cut off; others may get some of it twice.
//
// README.md here says what is promised to people.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/file/directory.hpp"
#include "plugins/file/open_files.hpp"
#include "plugins/file/options.hpp"
#include "plugins/file/path_groups.hpp"
#include "plugins/file/rotation.hpp"
#include "router/base/io.hpp"
#include "router/sink/batch_mark.hpp"
#include "router/sink/encoder.hpp"
#include "router/sink/plugin.hpp"

namespace weir::file {

class FileSink final : public Sink {
 public:
  using WallClock = std::function<std::int64_t()>;

  /// `context` outlives the sink.
  FileSink(Options options, Encoder encoder, SinkContext& context, std::shared_ptr<Io> io,
           WallClock wall_clock);

  SinkTraits traits() const noexcept override;
  Result<void> open() override;
  void write(Delivery delivery) override;
  void poll(std::chrono::milliseconds budget) override;
  void reopen() override;
  void close(SteadyTime deadline) noexcept override;

 private:
  /// How far one path's events have come.
  struct Progress {
    std::uint32_t written = 0;  // Events.
    std::uint32_t synced = 0;   // Of these, on the disk for certain.
    bool done = false;
    bool rejected = false;  // Those from `written` on.
  };

  /// A place among the events of a group.
  struct Cursor {
    std::uint32_t run;
    std::uint32_t skip;  // Events of that run.
  };

  ErrorCode write_group(const Batch& batch, std::size_t group);
  ErrorCode write_some(const Batch& batch, std::size_t group, Cursor& cursor);
  Cursor cursor_at(std::size_t group, std::uint32_t events) const noexcept;
  std::uint32_t fill(const Batch& batch, Cursor& cursor, std::size_t bytes_max);
  std::uint32_t events_within(const Batch& batch, Cursor cursor, std::size_t bytes,
                              std::size_t& whole_bytes);
  bool leads_nowhere(const std::string& path, ErrorCode error) const noexcept;
  void reject_marked(Delivery& delivery) const;

  ErrorCode rotate(OpenFiles::Entry& entry);
  void commit();
  void settle_held(ErrorCode error);
  ErrorCode sync_entry(OpenFiles::Entry& entry);
  void rotate_by_time();
  void sync_all();
  void check_names();
  void after_open(const OpenFiles::Entry& entry);
  void before_close(OpenFiles::Entry& entry);
  void warn(std::string_view what, std::string_view path, ErrorCode error);

  const Options options_;
  Encoder encoder_;
  SinkContext& context_;
  std::shared_ptr<Io> io_;
  WallClock wall_clock_;
  Directory directory_;
  OpenFiles files_;
  PathGroups groups_;
  Rotation rotation_;
  bool tidied_ = false;  // What an earlier process left.

  BatchMark mark_;                  // Of the batch that progress_ is about.
  std::vector<Progress> progress_;  // One for each group of it.

  std::vector<Delivery> held_;     // Written, and not known to be on the disk: with Sync::Batch.
  bool mark_is_held_ = false;      // The last of them is the one that progress_ is about.
  ErrorCode unsafe_;               // Some of that was cut off again.
  SteadyTime one_by_one_until_{};  // After a failure: what other files have is not written again.

  std::int64_t now_ns_ = 0;  // Wall clock, read once in each call.
  SteadyTime names_checked_{};
  SteadyTime synced_{};
  SteadyTime warned_{};
};

}  // namespace weir::file
