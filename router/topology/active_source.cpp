#include "router/topology/active_source.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "config/host_port.hpp"
#include "router/ingest/datagram_source.hpp"
#include "router/ingest/feed_source.hpp"
#include "router/ingest/forward_options.hpp"
#include "router/ingest/forward_source.hpp"
#include "router/ingest/http_answer.hpp"
#include "router/ingest/http_source.hpp"
#include "router/ingest/kafka_source.hpp"
#include "router/ingest/pipe_source.hpp"
#include "router/ingest/socket_setup.hpp"
#include "router/topology/source_keys.hpp"

namespace weir {
namespace {

bool is_datagram(const std::string& scheme) { return scheme == "udp" || scheme == "unix+dgram"; }
bool is_http(const std::string& scheme) { return scheme == "http"; }
bool is_forward(const std::string& scheme) { return scheme == "forward"; }
bool is_inet(const std::string& scheme) {
  return scheme == "tcp" || scheme == "udp" || is_http(scheme) || is_forward(scheme);
}
bool is_kafka(const std::string& scheme) { return scheme == "kafka"; }
bool is_feed(const std::string& scheme) { return scheme == "feed"; }
bool is_pipe(const std::string& scheme) { return scheme == "stdin" || scheme == "command"; }

Fd duplicate(const Fd& descriptor) { return Fd(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 0)); }

}  // namespace

ActiveSource::ActiveSource(const Settings& settings, const std::string& data_dir,
                           std::uint64_t generation, std::size_t shard_count, const Before& before,
                           PassedSockets& passed, SourceInput input)
    : settings_(settings),
      data_dir_(data_dir),
      options_(read_source_options(settings, data_dir)),
      id_(settings.name() + "#" + std::to_string(generation)),
      shared_(std::make_shared<SharedListener>(options_)) {
  if (is_feed(settings.scheme())) {
    feed_ = std::move(input.feed);
    return;
  }
  if (is_pipe(settings.scheme())) {
    Fd pipe = std::move(input.pipe);
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
  } else if (before.listener != nullptr) {
    for (const Fd& socket : before.listener->sockets_) sockets_.push_back(duplicate(socket));
    address_ = before.listener->address_;
    file_ = before.listener->file_;
    passed_ = before.listener->passed_;
  } else if (!use_passed(passed)) {
    bind(shard_count);
  }
  take_over(before.namesake);
}

/// What a source knows of its senders, and its figures, go on over a reload.
void ActiveSource::take_over(const ActiveSource* namesake) {
  if (!keeps_keys(settings_)) return;
  keys_ = namesake == nullptr ? nullptr : namesake->keys_;
  keys_are_new_ = keys_ == nullptr;
  if (keys_are_new_) keys_ = open_source_keys(settings_, data_dir_, key_limits());
  if (is_http(settings_.scheme())) {
    figures_are_new_ = namesake == nullptr || namesake->http_ == nullptr;
    http_ = std::make_shared<SharedHttp>();
    http_->keys = keys_;
    http_->metrics =
        figures_are_new_ ? std::make_shared<HttpSourceMetrics>(name()) : namesake->http_->metrics;
    shared_->refusal = too_many_connections();
    return;
  }
  // Chunks that are in flight may come again to this one.
  figures_are_new_ = namesake == nullptr || namesake->units_ == nullptr;
  units_ = figures_are_new_ ? std::make_shared<ForwardUnits>(name(), keys_) : namesake->units_;
  shared_->refusal.clear();  // The protocol has no word for it.
}

SeenKeys::Limits ActiveSource::key_limits() const {
  return options_.http != nullptr ? options_.http->keys : options_.forward->keys;
}

std::string ActiveSource::too_many_connections() {
  return to_text(http_error(503, "max_connections is reached"), true, false);
}

/// A passed socket is one for all shards, also of TCP and UDP. Others beside it with SO_REUSEPORT
/// would have queues of their own, and what waits in those is lost when they are closed.
bool ActiveSource::use_passed(PassedSockets& passed) {
  passed_ = passed.take(settings_);
  if (passed_ == nullptr) return false;
  Result<Fd> socket = adopt_bound(passed_->fd, options_.receive_buffer_bytes);
  if (!socket) {
    throw settings_.error("", "cannot use the socket that was passed: " + socket.error().message());
  }
  sockets_.push_back(std::move(*socket));
  address_ = passed_->address_text();
  return true;
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

void ActiveSource::begin_with_keys(Log& log) {
  keys_->use(key_limits());  // They may be a predecessor's.
  if (!keys_are_new_ || keys_->damaged() == 0) return;
  log.warn(name(), "some of the keys on disk are damaged: what they stood for may come twice",
           {{"records", keys_->damaged()}});
}

void ActiveSource::attach(std::vector<std::unique_ptr<Shard>>& shards, bool running, Log& log,
                          Metrics& metrics, const std::function<void()>& on_end) {
  if (keys_ != nullptr) begin_with_keys(log);
  // A listening socket's connections are spread over all shards, even if it is the only one; a
  // pipe has one reader, and so has a datagram socket, for the sake of order.
  const bool is_single = is_datagram(settings_.scheme()) && sockets_.size() == 1;
  const bool everywhere = !ends_by_itself() && !is_single;
  const std::size_t count = everywhere ? shards.size() : 1;
  // The first shard last: it may accept at once, and hand connections to the others.
  for (std::size_t i = count; i-- > 0;) {
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
  if (is_feed(settings_.scheme())) {
    return std::make_unique<FeedSource>(shard.io(), feed_, account, shard.intake(), on_end);
  }
  Fd socket = index < sockets_.size() ? duplicate(sockets_[index]) : Fd();
  if (is_pipe(settings_.scheme())) {
    return std::make_unique<PipeSource>(shard.io(), std::move(socket), account, shard.intake(),
                                        on_end);
  }
  if (is_datagram(settings_.scheme())) {
    return std::make_unique<DatagramSource>(shard.io(), std::move(socket), life(), account,
                                            shard.intake());
  }
  const bool spreads = sockets_.size() < shards.size() && socket;
  ListeningSocket listening{.socket = std::move(socket),
                            .life = life(),
                            .place = spreads ? spread(shards) : ListeningSocket::Place()};
  const bool is_first = index == 0 && figures_are_new_;
  if (is_http(settings_.scheme())) {
    if (is_first) metrics.expose(http_->metrics->registry());
    return std::make_unique<HttpSource>(shard.io(), std::move(listening), shared_, http_, account,
                                        shard.intake(), log);
  }
  if (is_forward(settings_.scheme())) {
    if (is_first) metrics.expose(units_->metrics().registry());
    return std::make_unique<ForwardSource>(shard.io(), std::move(listening), shared_, units_,
                                           account, shard.intake(), log);
  }
  return std::make_unique<StreamListener>(shard.io(), std::move(listening), shared_, account,
                                          shard.intake(), log);
}

/// Hands each connection to the next shard, in turn.
ListeningSocket::Place ActiveSource::spread(std::vector<std::unique_ptr<Shard>>& shards) {
  return [&shards, id = id_, next = std::size_t{0}](Fd socket, Peer peer) mutable {
    Shard& shard = *shards[next++ % shards.size()];
    shard.post([&shard, id, peer, socket = std::move(socket)]() mutable {
      // It is there: it does not leave while connections are on their way.
      shard.source(id)->adopt(std::move(socket), peer);
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
  passed_.reset();
}

bool ActiveSource::ends_by_itself() const noexcept {
  return is_pipe(settings_.scheme()) || is_feed(settings_.scheme());
}

}  // namespace weir
