#include "router/bench/collect/collector.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <utility>

#include "config/error.hpp"
#include "config/host_port.hpp"
#include "router/bench/collect/datagram_collector.hpp"
#include "router/bench/collect/file_collector.hpp"
#include "router/bench/collect/kafka_collector.hpp"
#include "router/bench/collect/stdin_collector.hpp"
#include "router/bench/collect/stream_collector.hpp"
#include "router/ingest/socket_setup.hpp"

namespace weir::bench {
namespace {

constexpr std::string_view kKnown =
    "known are file:///PATH (or the path alone), tcp://HOST:PORT, udp://HOST:PORT, unix:///PATH, "
    "http://HOST:PORT, kafka://HOST:PORT,HOST:PORT/TOPIC and stdin";

// Asked for; the kernel gives root all of it, and others up to net.core.rmem_max. A datagram that
// finds no room is lost here and not in the router.
constexpr std::size_t kDatagramBufferBytes = 64 * 1024 * 1024;

Location place_of(const std::string& url) { return {.origin = quoted(url)}; }

Fd take(Result<Fd> bound, const std::string& url) {
  if (bound) return std::move(*bound);
  throw ConfigError(place_of(url), "cannot listen: " + bound.error().message(),
                    bind_hint(bound.error(), !url.starts_with("unix:")));
}

HostPort host_port_of(std::string_view rest, const std::string& url) {
  return parse_host_port(rest, place_of(url), true,
                         url.substr(0, url.find("://")) + "://127.0.0.1:5171");
}

std::string absolute_path(std::string_view rest, const std::string& url) {
  if (rest.starts_with('/')) return std::string(rest);
  throw ConfigError(place_of(url), "the path has to be absolute",
                    "write three slashes: file:///tmp/out.log, unix:///tmp/out.sock");
}

std::unique_ptr<Collector> make_stdin(boost::asio::io_context& io, Lanes& lanes) {
  Fd input(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  if (!input) throw ConfigError(place_of("stdin"), "cannot read standard input: it is closed");
  return std::make_unique<StdinCollector>(io, std::move(input), lanes);
}

std::unique_ptr<Collector> make_kafka(boost::asio::io_context& io, std::string_view rest,
                                      const std::string& url, Lanes& lanes) {
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == rest.size()) {
    throw ConfigError(place_of(url), "brokers and a topic are needed",
                      "write kafka://127.0.0.1:9092/TOPIC");
  }
  return std::make_unique<KafkaCollector>(io, std::string(rest.substr(0, slash)),
                                          std::string(rest.substr(slash + 1)), lanes);
}

/// `tcp:...` would be waited for as a file of that name.
void refuse_half_url(const std::string& path) {
  for (const std::string_view scheme : {"file:", "tcp:", "udp:", "unix:", "http:", "kafka:"}) {
    if (path.starts_with(scheme)) {
      throw ConfigError(place_of(path), fmt::format("\"//\" is missing behind \"{}\"", scheme),
                        std::string(kKnown));
    }
  }
  if (path == "stdout") {
    throw ConfigError(place_of(path), "nothing can be collected from standard output",
                      "write stdin for what is piped here; ./stdout for a file of that name");
  }
  if (path.empty()) throw ConfigError({}, "nothing to collect from", std::string(kKnown));
}

}  // namespace

std::unique_ptr<Collector> make_collector(boost::asio::io_context& io, const std::string& url,
                                          Lanes& lanes, std::shared_ptr<FileIdentities> taken) {
  if (url == "stdin" || url == "stdin://" || url == "-") return make_stdin(io, lanes);
  const std::size_t colon = url.find("://");
  if (colon == std::string::npos) {
    refuse_half_url(url);
    return std::make_unique<FileCollector>(io, url, lanes, FileStart::Beginning, std::move(taken));
  }
  const std::string_view scheme = std::string_view(url).substr(0, colon);
  const std::string_view rest = std::string_view(url).substr(colon + 3);
  if (scheme == "file") {
    return std::make_unique<FileCollector>(io, absolute_path(rest, url), lanes,
                                           FileStart::Beginning, std::move(taken));
  }
  if (scheme == "tcp" || scheme == "http") {
    // Whatever path a request names is taken, so one in the URL is only for the reader.
    HostPort at = host_port_of(scheme == "http" ? rest.substr(0, rest.find('/')) : rest, url);
    Fd socket = take(bind_inet(SocketKind::Stream, at, false, 0), url);
    return std::make_unique<StreamCollector>(io, std::move(socket), std::string(scheme),
                                             to_string(at), lanes);
  }
  if (scheme == "udp") {
    HostPort at = host_port_of(rest, url);
    Fd socket = take(bind_inet(SocketKind::Datagram, at, false, kDatagramBufferBytes), url);
    return std::make_unique<DatagramCollector>(io, std::move(socket), to_string(at), lanes);
  }
  if (scheme == "unix") {
    const std::string path = absolute_path(rest, url);
    constexpr unsigned kMode = 0660;
    Fd socket = take(bind_unix(SocketKind::Stream, path, kMode, 0), url);
    return std::make_unique<StreamCollector>(io, std::move(socket), "unix", path, lanes);
  }
  if (scheme == "kafka") return make_kafka(io, rest, url, lanes);
  throw ConfigError(place_of(url), fmt::format("cannot collect from {}://", scheme),
                    std::string(kKnown));
}

}  // namespace weir::bench
