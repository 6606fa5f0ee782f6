#include "config/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "config/top_level.hpp"

namespace weir {
namespace {

/// "tcp" for tcp://…, and "tcp_2" for the second one.
std::string name_of(std::string_view url, const std::vector<ComponentDraft>& named,
                    std::string_view fallback) {
  constexpr std::size_t kSchemeBytesMax = 32;
  std::string base(url.substr(0, url.find_first_of(":?")));
  std::replace(base.begin(), base.end(), '+', '_');
  const bool fits = !base.empty() && base.size() <= kSchemeBytesMax &&
                    std::all_of(base.begin(), base.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                    });
  if (!fits) base = fallback;
  const auto taken = [&](const std::string& name) {
    return std::any_of(named.begin(), named.end(),
                       [&](const ComponentDraft& each) { return each.name == name; });
  };
  std::string name = base;
  for (std::size_t number = 2; taken(name); ++number) name = fmt::format("{}_{}", base, number);
  return name;
}

NodeView document(const std::string& origin, const std::string& text, const SecretNames& secrets,
                  std::deque<Document>& documents) {
  documents.push_back(Document::scalar(origin, text, secrets));
  return NodeView(documents.back());
}

void put_option(std::string_view name, const NodeView& node, ConfigDraft& draft) {
  const auto options = top_level_options();
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i].name == name) draft.top_level.emplace_back(i, node);
  }
}

}  // namespace

void apply_command_line(const CommandLine& command_line, const SecretNames& secrets,
                        std::deque<Document>& documents, ConfigDraft& draft) {
  const auto replace = [&](const std::vector<std::string>& urls, const std::string& option,
                           std::vector<ComponentDraft>& drafts) {
    if (urls.empty()) return;
    drafts.clear();
    for (const std::string& url : urls) {
      const NodeView node = document(option, url, secrets, documents);
      drafts.push_back(
          {.name = name_of(url, drafts, option.substr(2)), .where = node.where(), .node = node});
    }
  };
  replace(command_line.from, "--from", draft.sources);
  replace(command_line.to, "--to", draft.sinks);
  if (!command_line.to.empty() || !command_line.when.empty()) draft.routes.clear();
  if (!command_line.admin.empty()) {
    put_option("admin", document("--admin", command_line.admin, secrets, documents), draft);
  }
  if (!command_line.control_socket.empty()) {
    put_option("control_socket",
               document("--control", command_line.control_socket, secrets, documents), draft);
  }
}

RouteConfig route_of(const CommandLine& command_line, const std::vector<Settings>& sinks,
                     const SecretNames& secrets, Interpolator& interpolator) {
  const Document when = Document::scalar("--when", command_line.when, secrets);
  const PlacedText condition = interpolator.expression(NodeView(when).text());
  RouteConfig route{.name = "command_line",
                    .when = condition.text,
                    .when_location = condition.where,
                    .when_is_secret = condition.secret};
  for (const Settings& sink : sinks) route.to.push_back(sink.name());
  return route;
}

void add_command_sources(const Schema& schema, std::vector<Settings>& sources) {
  const auto found =
      std::find_if(schema.sources.begin(), schema.sources.end(),
                   [](const ComponentSpec& spec) { return spec.scheme == "command"; });
  const ComponentSpec spec =
      found == schema.sources.end() ? ComponentSpec{.scheme = "command"} : *found;
  for (const std::string name : {"stdout", "stderr"}) {
    for (const Settings& source : sources) {
      if (source.name() != name) continue;
      throw ConfigError(
          source.where(),
          fmt::format("the name {} belongs to the command's own {}", quoted(name), name),
          "give this source another name");
    }
    sources.push_back(make_component(name, spec));
  }
}

}  // namespace weir
