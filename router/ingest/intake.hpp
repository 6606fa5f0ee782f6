#pragma once

// Intake: a shard's way from frames to offered batches. A source reads into cursor(), finds the
// frames, and gives them to take(); Intake decodes them, asks the routes, and puts them into the
// open batches. flush() offers the batches and publishes the counts; the shard calls it before it
// waits.
//
// Threads: its shard's only, but for add_source(), lock_account() and snapshot_locked().

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "router/base/block.hpp"
#include "router/base/limits.hpp"
#include "router/base/peer.hpp"
#include "router/ingest/block_cursor.hpp"
#include "router/ingest/carry.hpp"
#include "router/ingest/frame.hpp"
#include "router/ingest/pipeline.hpp"
#include "router/ingest/read_gate.hpp"
#include "router/ingest/source_account.hpp"
#include "router/parse/event_decoder.hpp"
#include "router/route/route_tally.hpp"

namespace weir {

class Intake {
 public:
  Intake(MemoryBudget& budget, std::size_t carry_bytes_max);

  /// Events go through `pipeline` from here on. Flushes first.
  void use(std::shared_ptr<const Pipeline> pipeline);

  /// Registers a source; the account lives as long as the Intake.
  SourceAccount& add_source(const SourceOptions& options);

  /// Room for `bytes` in the block that is read into. False where there is none for that reader:
  /// then the gate is closed to it, wait for it.
  bool reserve(std::size_t bytes, ReadGate::Reader reader = ReadGate::Reader::Waits);
  BlockCursor& cursor() noexcept { return cursor_; }
  /// The most that a stream should read at a time.
  std::size_t read_bytes_max() const noexcept { return read_bytes_max_; }
  ReadGate& gate() noexcept { return gate_; }
  CarryShare& carries() noexcept { return carries_; }
  bool wants_peer() const noexcept { return pipeline_->wants_peer; }

  /// Takes the events of one read, whose frames lie in the cursor's block, in order. `receipt` is
  /// held until all sinks have answered for them.
  void take(SourceAccount& source, std::span<const Frame> frames, const Peer& peer,
            ReceiptRef receipt = {});

  /// The same of events that came in before: `origin` says when, and at which source.
  void take(SourceAccount& source, std::span<const Frame> frames, Origin origin);

  /// Offers what is open, publishes the counts, lets inline sinks write.
  void flush();

  /// Memory that the shard keeps for the next read goes back. For a shard that has nothing to do.
  void release_idle_memory();

  /// What was published, exact: no event is between source and sink while the lock is held.
  struct Snapshot {
    struct Source {
      std::string name;
      std::string url;
      SourceCounts counts;
      std::string trouble;
      bool paused = false;  ///< By backpressure.
    };
    std::vector<Source> sources;
    std::vector<std::pair<std::string, std::uint64_t>> routes;
    std::uint64_t copies = 0;
  };
  Snapshot snapshot_locked() const;
  std::unique_lock<std::mutex> lock_account() const { return std::unique_lock(account_); }

  /// Why the source gets nothing at present, in a sentence; "" where all is well.
  void set_trouble(SourceAccount& source, const std::string& trouble);

  /// How far backpressure has closed the gate: for the ledger's count of pauses.
  void note_pause(PressureLevel level);

 private:
  template <bool Masked>
  void take_all(SourceAccount& source, std::span<const Frame> frames);
  void fill_metadata(Format format, bool truncated, std::span<Value> row);
  void index_run(std::span<const Frame> frames);
  void publish_routes();
  static bool is_paused(const SourceAccount& source, PressureLevel level) noexcept;

  BlockPool pool_;
  BlockCursor cursor_;
  CarryShare carries_;
  ReadGate gate_;
  EventDecoder decoder_;
  FanOut fan_out_;
  std::shared_ptr<const Pipeline> pipeline_;
  std::unique_ptr<RouteHits> hits_;
  std::vector<Value> row_;
  std::size_t read_bytes_max_ = limits::kBlockBytes;
  const char* indexed_until_ = nullptr;  // Of the frames in hand.
  Origin origin_;
  std::string peer_text_;
  RouteTally tally_{0};                    // Pending.
  std::vector<std::size_t> route_places_;  // By route: where in routes_ it is counted.

  mutable std::mutex account_;
  std::vector<std::unique_ptr<SourceAccount>> sources_;
  std::vector<std::pair<std::string, std::uint64_t>> routes_;  // Under account_.
  std::uint64_t copies_ = 0;                                   // Under account_.
  PressureLevel pause_ = PressureLevel::None;                  // Under account_.
};

}  // namespace weir
