#pragma once

// ActiveSource: a configured source that runs: its bound sockets, and the part of it on each shard.
// Made on the control thread before anything else of a start or reload takes effect, so that a port
// that is taken stops neither what runs nor half of what starts.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "router/base/fd.hpp"
#include "router/ingest/forward_units.hpp"
#include "router/ingest/http_part.hpp"
#include "router/ingest/record_feed.hpp"
#include "router/ingest/socket_file.hpp"
#include "router/ingest/source_options.hpp"
#include "router/ingest/stream_listener.hpp"
#include "router/telemetry/log.hpp"
#include "router/telemetry/metrics.hpp"
#include "router/topology/passed_sockets.hpp"
#include "router/topology/shard.hpp"

namespace weir {

/// What a source reads that listens nowhere.
struct SourceInput {
  Fd pipe;                           ///< Of `command` and `stdin`; none: this process's own.
  std::shared_ptr<RecordFeed> feed;  ///< Of `feed`.
};

class ActiveSource {
 public:
  /// What ran before a reload; null where there is none. Often both are the same.
  struct Before {
    const ActiveSource* namesake = nullptr;  ///< Its keys and figures go on.
    const ActiveSource* listener = nullptr;  ///< Its sockets do, as it listens at this address.
  };

  /// Binds what has to be bound, unless it listens there already or one of `passed` is meant for
  /// it. `input`: what a `command`, `stdin` or `feed` source reads. Throws ConfigError.
  /// `generation` tells it from a predecessor of that name. `data_dir`: the configuration's.
  ActiveSource(const Settings& settings, const std::string& data_dir, std::uint64_t generation,
               std::size_t shard_count, const Before& before, PassedSockets& passed,
               SourceInput input);

  /// Adds its part to every shard; to be called once. `running`: the shards' threads have started.
  /// `on_end` is called, on a shard's thread, when a source that ends by itself has ended.
  void attach(std::vector<std::unique_ptr<Shard>>& shards, bool running, Log& log, Metrics& metrics,
              const std::function<void()>& on_end);

  /// True where another one made from `settings` would be the same: the options, and for TLS what
  /// is in the files now. Throws ConfigError.
  bool same_as(const Settings& settings) const;

  /// Stops accepting, on every shard; connections are served until they end.
  void retire(std::vector<std::unique_ptr<Shard>>& shards);

  /// Closes the control thread's copies of the sockets, so that the shards' are the last ones, and
  /// removes a Unix socket's file, unless a successor listens there.
  void let_sockets_go() noexcept;

  const Settings& settings() const noexcept { return settings_; }
  const std::string& name() const noexcept { return settings_.name(); }
  bool ends_by_itself() const noexcept;
  /// As bound: "127.0.0.1:5170", a path, "" for a pipe.
  const std::string& address() const noexcept { return address_; }

  /// True if it listens where `other` would.
  bool listens_at(const Settings& other) const;

 private:
  bool use_passed(PassedSockets& passed);
  void bind(std::size_t shard_count);
  SocketLife life() const noexcept { return passed_ ? SocketLife::Passed : SocketLife::Own; }
  void take_over(const ActiveSource* namesake);
  SeenKeys::Limits key_limits() const;
  void begin_with_keys(Log& log);
  std::unique_ptr<Source> make_part(std::size_t index, std::vector<std::unique_ptr<Shard>>& shards,
                                    SourceAccount& account, Log& log, Metrics& metrics,
                                    const std::function<void()>& on_end);
  static std::string too_many_connections();
  ListeningSocket::Place spread(std::vector<std::unique_ptr<Shard>>& shards);

  Settings settings_;
  std::string data_dir_;
  SourceOptions options_;
  std::string id_;  // Its key in the shards.
  std::string address_;
  std::vector<Fd> sockets_;                     // One for each shard that has one, from shard 0 on.
  std::shared_ptr<SocketFile> file_;            // Of a Unix socket that was bound here.
  std::shared_ptr<const PassedSocket> passed_;  // Where it was not bound here.
  std::shared_ptr<SharedListener> shared_;
  std::shared_ptr<SeenKeys> keys_;       // Of an HTTP source, or a Forward one.
  bool keys_are_new_ = false;            // No predecessor's.
  bool figures_are_new_ = false;         // The same.
  std::shared_ptr<SharedHttp> http_;     // Of an HTTP source.
  std::shared_ptr<ForwardUnits> units_;  // Of a Forward source.
  std::shared_ptr<RecordFeed> feed_;     // Of a feed.
};

}  // namespace weir
