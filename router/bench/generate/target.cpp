#include "router/bench/generate/target.hpp"

#include "config/error.hpp"
#include "config/host_port.hpp"

namespace weir::bench {
namespace {

[[noreturn]] void fail(std::string_view url, const std::string& why) {
  throw ConfigError({}, "--to " + std::string(url) + ": " + why,
                    "tcp://HOST:PORT, udp://HOST:PORT, unix:///PATH, unix+dgram:///PATH or stdout");
}

}  // namespace

Target parse_target(std::string_view url) {
  if (url == "stdout") return {.scheme = "stdout", .host_port = {}, .path = {}};
  const std::size_t slashes = url.find("://");
  if (slashes == std::string_view::npos) fail(url, "it is no URL");
  const std::string scheme(url.substr(0, slashes));
  const std::string_view rest = url.substr(slashes + 3);
  if (scheme == "tcp" || scheme == "udp") {
    return {.scheme = scheme,
            .host_port = parse_host_port(rest, {.origin = "--to " + std::string(url)}, false,
                                         scheme + "://127.0.0.1:5170"),
            .path = {}};
  }
  if (scheme != "unix" && scheme != "unix+dgram") fail(url, "nothing can be sent by " + scheme);
  if (rest.empty()) fail(url, "there is no path");
  return {.scheme = scheme, .host_port = {}, .path = std::string(rest)};
}

}  // namespace weir::bench
