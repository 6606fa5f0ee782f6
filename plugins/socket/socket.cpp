#include "plugins/socket/socket.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "plugins/socket/socket_sink.hpp"

namespace weir::socket {
namespace {

std::vector<OptionSpec> options() {
  return {{.name = "framing",
           .type = OptionType::Choice,
           .fallback = "newline",
           .help = "How events are told apart: a newline behind each, or its length before it "
                   "(RFC 6587).",
           .choices = {"newline", "octet"}},
          {.name = "connect_timeout",
           .type = OptionType::Duration,
           .fallback = "5s",
           .help = "How long finding the address and connecting to it may take."},
          {.name = "timeout",
           .type = OptionType::Duration,
           .fallback = "30s",
           .help = "A destination that takes nothing for so long counts as gone."}};
}

std::vector<OptionSpec> tcp_options() {
  std::vector<OptionSpec> all = options();
  for (OptionSpec& option : tls_sink_options()) all.push_back(std::move(option));
  return all;
}

std::unique_ptr<Sink> make(const Settings& settings, FindAddresses find_addresses,
                           std::optional<TlsDestination> tls) {
  SocketOptions socket_options{.connect_timeout = settings.duration("connect_timeout"),
                               .timeout = settings.duration("timeout"),
                               .tls = std::move(tls)};
  for (const char* option : {"connect_timeout", "timeout"}) {
    const std::chrono::milliseconds duration = settings.duration(option);
    if (duration < std::chrono::milliseconds(1) || duration > std::chrono::hours(24)) {
      throw settings.error(option, fmt::format("{} is from 1ms to 24h", option));
    }
  }
  const auto framing =
      settings.string("framing") == "octet" ? Encoder::Framing::Octet : Encoder::Framing::Newline;
  return std::make_unique<SocketSink>(std::move(find_addresses), std::move(socket_options),
                                      Encoder(settings, framing));
}

std::unique_ptr<Sink> make_tcp(const Settings& settings, SinkContext& context) {
  const HostPort& to = settings.host_port();
  if (to.port == 0) throw settings.error("", "port 0 is not a destination");
  auto resolver = std::make_shared<Resolver>(to.host, to.port);
  return make(
      settings, [resolver](SteadyTime deadline) { return resolver->resolve(deadline); },
      TlsDestination::read(settings,
                           [&context](std::string_view what) { context.log_warning(what); }));
}

std::unique_ptr<Sink> make_unix(const Settings& settings, SinkContext&) {
  if (settings.path().empty() || settings.path().size() > kUnixPathBytesMax) {
    throw settings.error("", fmt::format("a Unix socket's path has 1 to {} bytes, this one has {}",
                                         kUnixPathBytesMax, settings.path().size()));
  }
  const std::vector<SocketAddress> addresses = {unix_address(settings.path()).value()};
  return make(
      settings, [addresses](SteadyTime) -> Result<std::vector<SocketAddress>> { return addresses; },
      std::nullopt);
}

}  // namespace

SinkPlugin tcp_plugin() {
  return {.spec = {.scheme = "tcp",
                   .address = AddressForm::HostPort,
                   .help = "Sends events over TCP.",
                   .options = tcp_options()},
          .make = make_tcp};
}

SinkPlugin unix_plugin() {
  return {.spec = {.scheme = "unix",
                   .address = AddressForm::Path,
                   .help = "Sends events over a Unix stream socket.",
                   .options = options()},
          .make = make_unix};
}

}  // namespace weir::socket
