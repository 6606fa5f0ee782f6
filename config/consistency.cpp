#include "config/consistency.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "config/component.hpp"
#include "config/host_port.hpp"

namespace weir {
namespace {

void check_presence(const Config& config, const std::string& origin) {
  if (config.sources.empty()) {
    throw ConfigError(
        {.origin = origin}, "there is no source",
        "name one: --from tcp://127.0.0.1:5170, WEIR_SOURCE_APPS=tcp://127.0.0.1:5170 "
        "or in YAML sources: {apps: \"tcp://127.0.0.1:5170\"}");
  }
  if (config.sinks.empty()) {
    throw ConfigError(
        {.origin = origin}, "there is no sink",
        "name one: --to stdout, WEIR_SINK_OUT=stdout or in YAML sinks: {out: stdout}");
  }
}

void check_reach(const Config& config) {
  if (config.routes.empty()) return;  // Then every source goes to every sink.
  std::unordered_set<std::string_view> reached;
  for (const RouteConfig& route : config.routes) reached.insert(route.to.begin(), route.to.end());
  for (const Settings& sink : config.sinks) {
    if (sink.has("dead_letter")) reached.insert(sink.string("dead_letter"));
  }
  for (const Settings& sink : config.sinks) {
    if (reached.contains(sink.name())) continue;
    throw ConfigError(sink.where(), fmt::format("no route leads to sink {}", quoted(sink.name())),
                      "name it in the \"to\" of a route, or remove it");
  }
}

void check_dead_letters(const Config& config) {
  const auto find = [&](const std::string& name) {
    return std::find_if(config.sinks.begin(), config.sinks.end(),
                        [&](const Settings& sink) { return sink.name() == name; });
  };
  for (const Settings& sink : config.sinks) {
    const std::string name = sink.has("dead_letter") ? sink.string("dead_letter") : "";
    if (name.empty()) continue;
    const auto target = find(name);
    if (target == config.sinks.end()) {
      std::vector<std::string> names;
      for (const Settings& each : config.sinks) names.push_back(each.name());
      throw sink.error("dead_letter", fmt::format("there is no sink {}", quoted(name)),
                       suggest(name, names));
    }
    if (target->name() == sink.name() ||
        (target->has("dead_letter") && !target->string("dead_letter").empty())) {
      throw sink.error("dead_letter", "dead letters of dead letters have nowhere to go",
                       "name a sink without a dead_letter of its own");
    }
  }
}

/// Something that binds an address.
struct Listener {
  std::string_view transport;  // "tcp", "udp" or "" for what is compared as text.
  HostPort host_port;
  std::string text;
  const Settings* source;
};

bool is_wildcard(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

bool collide(const Listener& a, const Listener& b) {
  if (a.transport != b.transport) return false;
  if (a.transport.empty()) return a.text == b.text;
  const auto host = [](const Listener& each) {
    return each.host_port.host == "localhost" ? std::string("127.0.0.1") : each.host_port.host;
  };
  return a.host_port.port == b.host_port.port && a.host_port.port != 0 &&
         (host(a) == host(b) || is_wildcard(host(a)) || is_wildcard(host(b)));
}

std::optional<Listener> listener_of(const Settings& source, const Schema& schema) {
  const auto spec =
      std::find_if(schema.sources.begin(), schema.sources.end(),
                   [&](const ComponentSpec& each) { return each.scheme == source.scheme(); });
  if (spec == schema.sources.end() || is_hidden(*spec)) return std::nullopt;
  const bool datagrams = source.scheme().find("udp") != std::string::npos;
  switch (spec->address) {
    case AddressForm::HostPort:
      return Listener{datagrams ? "udp" : "tcp", source.host_port(), "", &source};
    case AddressForm::Path:
      if (!source.scheme().starts_with("unix")) return std::nullopt;
      return Listener{"", {}, source.path(), &source};
    case AddressForm::None:
      return Listener{"", {}, source.scheme(), &source};
    case AddressForm::Brokers:
      return std::nullopt;
  }
  return std::nullopt;
}

void check_listeners(const Config& config, const Schema& schema) {
  std::vector<Listener> listeners;
  if (config.admin) listeners.push_back({"tcp", *config.admin, "", nullptr});
  for (const Settings& source : config.sources) {
    const std::optional<Listener> listener = listener_of(source, schema);
    if (!listener) continue;
    for (const Listener& other : listeners) {
      if (!collide(*listener, other)) continue;
      const std::string taken = other.source == nullptr
                                    ? "admin"
                                    : fmt::format("source {}", quoted(other.source->name()));
      throw source.error(
          "", fmt::format("source {} listens where {} does", quoted(source.name()), taken),
          "give one of them another address");
    }
    listeners.push_back(*listener);
  }
}

}  // namespace

void check_consistency(const Config& config, const Schema& schema, const std::string& origin) {
  check_presence(config, origin);
  check_dead_letters(config);
  check_reach(config);
  check_listeners(config, schema);
}

}  // namespace weir
