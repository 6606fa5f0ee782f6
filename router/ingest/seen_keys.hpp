#pragma once

// SeenKeys: which units (requests, chunks) a source has taken already, by the keys that their
// senders gave them: a sender that had no answer sends again, and is told what it missed, without
// its events being taken twice. A window: the last `keys_max` keys, for `age_max` at most; before
// that a unit would be taken again.
//
//   begin(key) -> New: take it -> confirm(key), or forget(key) where it was not taken after all
//
// With a directory, what was confirmed outlives the process: confirm() says so only once it is on
// disk. One thread of its own writes for all who wait, with one fdatasync(2) for as many as came
// meanwhile. Where the disk fails, the key is Taken: begin() says so, and confirm() may be called
// once more, which writes the whole window to a new file.
//
// Threads: any, one lock. `on_confirmed` runs on the writing thread, or before confirm() returns;
// the destructor waits until all have run. Memory: about 100 bytes for a key.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "router/base/clock.hpp"
#include "router/base/result.hpp"
#include "router/ingest/key_file.hpp"

namespace weir {

class SeenKeys {
 public:
  enum class State : std::uint8_t {
    New,       ///< Not seen; it is in flight from here on.
    InFlight,  ///< Begun, and neither confirmed nor forgotten.
    Seen,      ///< Confirmed.
    Taken,     ///< As Seen, but it could not be written: confirm() it again.
    Full,      ///< As many as the window holds are in flight.
  };

  struct Limits {
    std::size_t keys_max = 100'000;
    std::chrono::seconds age_max{3600};
  };

  using OnConfirmed = std::function<void(ErrorCode)>;
  using Clock = std::int64_t (*)() noexcept;  ///< Nanoseconds since the epoch.

  /// One that lives in memory alone.
  explicit SeenKeys(Limits limits, Clock clock = wall_clock_ns);

  /// One that keeps the file `keys` in `directory`, an absolute path, which is made where it is
  /// missing. `io` outlives it. Fails where that cannot be, not because of what is in the file.
  static Result<std::unique_ptr<SeenKeys>> open(Limits limits, const std::string& directory, Io& io,
                                                Clock clock = wall_clock_ns);
  ~SeenKeys();
  SeenKeys(const SeenKeys&) = delete;
  SeenKeys& operator=(const SeenKeys&) = delete;

  /// `refused_in_part`, if not null: what confirm() was told of a key that is Seen or Taken.
  State begin(std::string_view key, bool* refused_in_part = nullptr);

  /// Its unit is acknowledged: `on_confirmed` gets no error once that is as durable as it can be.
  /// `refused_in_part`: not all of the unit has arrived, which is remembered as long as the key.
  /// Requires: begin() said New or Taken.
  void confirm(std::string_view key, OnConfirmed on_confirmed, bool refused_in_part = false);

  /// Its unit was not taken: the key is as one that never came.
  void forget(std::string_view key);

  /// Goes on with other limits.
  void use(Limits limits);

  /// Records of the file that were damaged, and skipped, when it was opened.
  std::size_t damaged() const noexcept { return damaged_; }

 private:
  struct Confirmation {
    KeyRecord record;
    OnConfirmed on_confirmed;
  };
  struct Known {
    State state;
    bool refused_in_part = false;
  };
  struct Spread {
    std::size_t operator()(const KeyHash& key) const noexcept { return key[0]; }
  };

  std::int64_t now_s() const noexcept;
  void load(const KeyFile::Found& found);
  void expire(std::int64_t now);
  void settle(const KeyRecord& record, State state);
  void write_until_stopped();
  ErrorCode save(const std::vector<Confirmation>& batch);

  const Clock clock_;
  std::size_t damaged_ = 0;

  std::mutex mutex_;
  Limits limits_;
  std::unordered_map<KeyHash, Known, Spread> keys_;
  std::deque<KeyRecord> confirmed_;  // Those that are Seen or Taken, the oldest first.
  std::vector<Confirmation> pending_;
  std::condition_variable has_work_;
  bool stopping_ = false;

  std::unique_ptr<KeyFile> file_;  // The writing thread's.
  std::thread writer_;
};

}  // namespace weir
