#include "router/topology/active_source.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "config/host_port.hpp"
#include "router/ingest/datagram_source.hpp"
#include "router/ingest/forward_options.hpp"
#include "router/ingest/forward_source.hpp"
#include "router/ingest/http_answer.hpp"
#include "router/ingest/http_source.hpp"
#include "router/ingest/kafka_source.hpp"
#include "router/ingest/pipe_source.hpp"
#include "router/ingest/socket_setup.hpp"

namespace weir {
namespace {

bool is_datagram(const std::string& scheme) { return scheme == "udp" || scheme == "unix+dgram"; }
bool is_forward(const std::string& scheme) { return scheme == "forward"; }
bool is_http(const std::string& scheme) { return scheme == "http"; }
bool is_inet(const std::string& scheme) {
  return scheme == "tcp" || scheme == "udp" || is_http(scheme) || is_forward(scheme);
}
bool is_kafka(const std::string& scheme) { return scheme == "kafka"; }
bool is_pipe(const std::string& scheme) { return scheme == "stdin" || scheme == "command"; }

Fd duplicate(const Fd& descriptor) { return Fd(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 0)); }

}  // namespace

ActiveSource::ActiveSource(const Settings& settings, const std::string& data_dir,
                           std::uint64_t generation, std::size_t shard_count,
                           ActiveSource* predecessor, Fd pipe)
    : settings_(settings),
      data_dir_(data_dir),
      options_(read_source_options(settings, data_dir)),
      id_(settings.name() + "#" + std::to_string(generation)),
      shared_(std::make_shared<SharedListener>(options_)) {
  if (is_forward(settings.scheme())) {
    units_ = make_units(predecessor);
    shared_->refusal.clear();  // The protocol has no word for it.
  }
  if (is_pipe(settings.scheme())) {
    if (!pipe) {
      const int flags = ::fcntl(STDIN_FILENO, F_GETFL);
      if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY) {  // See hold_standard_descriptors().
        throw settings.error("", "cannot read standard input", "it is closed");
      }
      pipe = Fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
    }
    sockets_.push_back(std::move(pipe));
  } else if (is_kafka(settings.scheme())) {
    return;  // It listens nowhere.
  } else if (predecessor != nullptr && predecessor->listens_at(settings)) {
    for (const Fd& socket : predecessor->sockets_) sockets_.push_back(duplicate(socket));
    address_ = predecessor->address_;
    file_ = predecessor->file_;
  } else {
    bind(shard_count);
  }
  if (is_http(settings.scheme())) {
    const bool same_name = predecessor != nullptr && predecessor->name() == name();
    http_ = make_http(same_name ? predecessor->http_.get() : nullptr);
    shared_->refusal = too_many_connections();
  }
}

/// The keys and the figures are its predecessor's where it has one: both go on.
std::shared_ptr<SharedHttp> ActiveSource::make_http(const SharedHttp* predecessor) {
  auto http = std::make_shared<SharedHttp>();
  if (predecessor != nullptr) {
    http->keys = predecessor->keys;
    http->metrics = predecessor->metrics;
    return http;
  }
  http->metrics = std::make_shared<HttpSourceMetrics>(name());
  const SeenKeys::Limits limits = options_.http->keys;
  if (data_dir_.empty()) {
    http->keys = std::make_shared<SeenKeys>(limits);
    return http;
  }
  const std::string directory = data_dir_ + "/sources/" + name();
  struct Kept {
    Io io;  // Outlives the keys.
    std::unique_ptr<SeenKeys> keys;
  };
  auto kept = std::make_shared<Kept>();
  auto keys = SeenKeys::open(limits, directory, kept->io);
  if (!keys) {
    const bool is_held = keys.error() == boost::system::errc::device_or_resource_busy;
    throw settings_.error("", "cannot keep keys in " + directory + ": " + keys.error().message(),
                          is_held ? "another weir writes there" : "data_dir has to be writable");
  }
  kept->keys = std::move(*keys);
  http->keys = std::shared_ptr<SeenKeys>(kept, kept->keys.get());
  return http;
}

std::string ActiveSource::too_many_connections() {
  return to_text(http_error(503, "max_connections is reached"), true, false);
}

/// A predecessor's, so that a reload forgets nothing: its chunks may come again to this one.
std::shared_ptr<ForwardUnits> ActiveSource::make_units(const ActiveSource* predecessor) {
  const ForwardOptions& forward = *options_.forward;
  const SeenKeys::Limits limits{
      .keys_max = forward.dedupe_chunks,
      .age_max = std::chrono::duration_cast<std::chrono::seconds>(forward.dedupe_window)};
  if (predecessor != nullptr && predecessor->units_ != nullptr && predecessor->name() == name()) {
    predecessor->units_->use(limits);
    return predecessor->units_;
  }
  auto units = std::make_shared<ForwardUnits>(name(), limits);
  if (data_dir_.empty()) return units;
  const std::string directory = data_dir_ + "/sources/" + name();
  if (const ErrorCode error = units->keep_in(directory, limits)) {
    throw settings_.error("", "cannot remember chunks in " + directory + ": " + error.message(),
                          "data_dir has to be writable, and this router's alone");
  }
  return units;
}

bool ActiveSource::same_as(const Settings& settings) const {
  if (!settings_.same_as(settings)) return false;
  return options_.tls == nullptr ||
         options_.tls->same_files(*read_source_options(settings, data_dir_).tls);
}

bool ActiveSource::listens_at(const Settings& other) const {
  return settings_.scheme() == other.scheme() && settings_.path() == other.path() &&
         settings_.host_port() == other.host_port() && !sockets_.empty();
}

void ActiveSource::bind(std::size_t shard_count) {
  const std::string& scheme = settings_.scheme();
  const SocketKind kind = is_datagram(scheme) ? SocketKind::Datagram : SocketKind::Stream;
  HostPort host_port = settings_.host_port();
  const std::size_t count = is_inet(scheme) ? shard_count : 1;
  const auto take = [&](Result<Fd> bound) {
    if (bound) return std::move(*bound);
    throw settings_.error("", "cannot listen: " + bound.error().message(),
                          bind_hint(bound.error(), is_inet(scheme)));
  };
  if (!is_inet(scheme)) {
    sockets_.push_back(take(
        bind_unix(kind, settings_.path(), options_.socket_mode, options_.receive_buffer_bytes)));
    file_ = std::make_shared<SocketFile>(settings_.path());
    address_ = settings_.path();
    return;
  }
  // Shards share the port with SO_REUSEPORT, and so would another router of the same user, and
  // each get half of the events. So the port is first taken without it, to see that it is free.
  if (count > 1) take(bind_inet(kind, host_port, false, 0));
  for (std::size_t i = 0; i < count; ++i) {
    sockets_.push_back(take(bind_inet(kind, host_port, count > 1, options_.receive_buffer_bytes)));
  }
  address_ = to_string(host_port);
}

void ActiveSource::attach(std::vector<std::unique_ptr<Shard>>& shards, bool running, Log& log,
                          Metrics& metrics, const std::function<void()>& on_end) {
  if (http_ != nullptr) http_->keys->use(options_.http->keys);  // They may be a predecessor's.
  // A Unix socket's connections are spread over all shards; a pipe has one.
  const bool everywhere = !is_pipe(settings_.scheme()) && settings_.scheme() != "unix+dgram";
  const std::size_t count = everywhere ? shards.size() : 1;
  for (std::size_t i = 0; i < count; ++i) {
    Shard& shard = *shards[i];
    SourceAccount& account = shard.intake().add_source(options_);
    auto add = [this, &shards, &shard, &account, &log, &metrics, running, on_end, i] {
      shard.add_source(id_, make_part(i, shards, account, log, metrics, on_end), running);
    };
    if (running) {
      shard.post(add);
    } else {
      add();
    }
  }
}

std::unique_ptr<Source> ActiveSource::make_part(std::size_t index,
                                                std::vector<std::unique_ptr<Shard>>& shards,
                                                SourceAccount& account, Log& log, Metrics& metrics,
                                                const std::function<void()>& on_end) {
  Shard& shard = *shards[index];
  if (is_kafka(settings_.scheme())) {
    auto part = std::make_unique<KafkaSource>(shard.io(), options_.kafka, index, account,
                                              shard.intake(), log);
    metrics.expose(part->metrics());
    return part;
  }
  if (is_http(settings_.scheme())) {
    metrics.expose(http_->metrics->registry());
    return std::make_unique<HttpSource>(shard.io(), duplicate(sockets_[index]), shared_, http_,
                                        account, shard.intake(), log);
  }
  Fd socket = index < sockets_.size() ? duplicate(sockets_[index]) : Fd();
  if (is_pipe(settings_.scheme())) {
    return std::make_unique<PipeSource>(shard.io(), std::move(socket), account, shard.intake(),
                                        on_end);
  }
  if (is_datagram(settings_.scheme())) {
    return std::make_unique<DatagramSource>(shard.io(), std::move(socket), account, shard.intake());
  }
  if (is_forward(settings_.scheme())) {
    metrics.expose(units_->metrics().registry());
    return std::make_unique<ForwardSource>(shard.io(), std::move(socket), shared_, units_, account,
                                           shard.intake(), log);
  }
  const bool spreads = settings_.scheme() == "unix" && shards.size() > 1 && socket;
  return std::make_unique<StreamListener>(shard.io(), std::move(socket), shared_, account,
                                          shard.intake(), log,
                                          spreads ? spread(shards) : StreamListener::Place());
}

/// Hands each connection to the next shard, in turn.
StreamListener::Place ActiveSource::spread(std::vector<std::unique_ptr<Shard>>& shards) {
  return [&shards, id = id_, next = std::size_t{0}](Fd socket, Peer peer) mutable {
    Shard& shard = *shards[next++ % shards.size()];
    shard.post([&shard, id, peer, socket = std::move(socket)]() mutable {
      if (auto* const listener = dynamic_cast<StreamListener*>(shard.source(id))) {
        listener->adopt(std::move(socket), peer);
      }
    });
  };
}

void ActiveSource::retire(std::vector<std::unique_ptr<Shard>>& shards) {
  let_sockets_go();
  for (const auto& shard : shards) {
    shard->post([&shard = *shard, id = id_] { shard.retire_source(id); });
  }
}

void ActiveSource::let_sockets_go() noexcept {
  sockets_.clear();
  file_.reset();
}

bool ActiveSource::ends_by_itself() const noexcept { return is_pipe(settings_.scheme()); }

}  // namespace weir
