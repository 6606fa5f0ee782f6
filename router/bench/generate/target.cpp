#include "router/bench/generate/target.hpp"

#include <charconv>

#include "config/error.hpp"

namespace weir::bench {
namespace {

[[noreturn]] void fail(std::string_view url, const std::string& why) {
  throw ConfigError({}, "--to " + std::string(url) + ": " + why,
                    "tcp://HOST:PORT, udp://HOST:PORT, unix:///PATH, unix+dgram:///PATH or stdout");
}

HostPort read_host_port(std::string_view url, std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) fail(url, "there is no port");
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || port == 0) {
    fail(url, "a port is a number from 1 to 65535");
  }
  return {.host = host.empty() ? "127.0.0.1" : std::string(host), .port = port};
}

}  // namespace

Target parse_target(std::string_view url) {
  if (url == "stdout") return {.scheme = "stdout", .host_port = {}, .path = {}};
  const std::size_t slashes = url.find("://");
  if (slashes == std::string_view::npos) fail(url, "it is no URL");
  const std::string scheme(url.substr(0, slashes));
  const std::string_view rest = url.substr(slashes + 3);
  if (scheme == "tcp" || scheme == "udp") {
    return {.scheme = scheme, .host_port = read_host_port(url, rest), .path = {}};
  }
  if (scheme != "unix" && scheme != "unix+dgram") fail(url, "nothing can be sent by " + scheme);
  if (rest.empty()) fail(url, "there is no path");
  return {.scheme = scheme, .host_port = {}, .path = std::string(rest)};
}

}  // namespace weir::bench
