#include "router/main/check_command.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include <ostream>

#include "router/main/load_plan.hpp"

namespace weir {
namespace {

std::string columns_text(const FieldSet& fields) {
  std::string text;
  for (const FieldPath& path : fields.paths()) {
    if (!text.empty()) text += ", ";
    text += to_string(path);
  }
  return text.empty() ? "none: events are not parsed" : text;
}

std::string sinks_text(const RouteSpec& route, const TopologyPlan& plan) {
  std::string text;
  for (const std::uint16_t sink : route.sinks) {
    if (!text.empty()) text += ", ";
    text += plan.sinks[sink].settings.name();
  }
  return text.empty() ? "nowhere" : text;
}

}  // namespace

int check_command(const CommandLine& line, std::ostream& out) {
  Log log;
  Metrics metrics(WEIR_VERSION);
  const Loaded loaded = load_plan(line, log, metrics);
  fmt::print(out, "sources\n");
  for (const Settings& source : loaded.config.sources) {
    fmt::print(out, "  {:<16} {}\n", source.name(), source.masked());
  }
  fmt::print(out, "routes\n");
  const std::span<const RouteSpec> routes = loaded.plan.table->routes();
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const bool is_secret =
        i < loaded.config.routes.size() && loaded.config.routes[i].when_is_secret;
    const std::string when = is_secret                ? "***"
                             : routes[i].when.empty() ? "every event"
                                                      : routes[i].when;
    fmt::print(out, "  {:<16} {} -> {}\n", routes[i].name, when,
               sinks_text(routes[i], loaded.plan));
  }
  fmt::print(out, "sinks\n");
  for (const PlannedSink& sink : loaded.plan.sinks) {
    fmt::print(out, "  {:<16} {}\n", sink.settings.name(), sink.settings.masked());
  }
  fmt::print(out, "fields read\n  {}\n", columns_text(loaded.plan.fields));
  fmt::print(out, "the configuration is right\n");
  return kExitClean;
}

}  // namespace weir
