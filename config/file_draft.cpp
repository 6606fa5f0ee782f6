#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "config/bounds.hpp"
#include "config/draft.hpp"
#include "config/top_level.hpp"

namespace weir {
namespace {

const std::vector<std::string>& top_level_keys() {
  static const std::vector<std::string> kKeys = [] {
    std::vector<std::string> keys;
    for (const OptionSpec& option : top_level_options()) {
      const std::string key = option.name.substr(0, option.name.find('.'));
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
    keys.insert(keys.end(), {"sources", "routes", "sinks"});
    return keys;
  }();
  return kKeys;
}

/// Fails unless `node` is a mapping. A section without entries is empty, not wrong.
bool has_entries(const NodeView& node, const std::string& key) {
  if (node.is(NodeKind::Null)) return false;
  if (!node.is(NodeKind::Mapping)) {
    throw node.error(fmt::format("{} is a mapping, not {}", key, to_string(node.kind())));
  }
  return node.size() != 0;
}

void read_components(const NodeView& section, const std::string& key, const std::string& what,
                     std::vector<ComponentDraft>& out) {
  if (!has_entries(section, key)) return;
  for (std::size_t i = 0; i < section.size(); ++i) {
    const PlacedText name = section.key(i).text();
    check_name(name, what);
    out.push_back({.name = name.text, .where = name.where, .node = section.value(i)});
  }
}

void read_routes(const NodeView& section, std::vector<RouteDraft>& out) {
  if (!has_entries(section, "routes")) return;
  out.reserve(section.size());
  for (std::size_t i = 0; i < section.size(); ++i) {
    const PlacedText name = section.key(i).text();
    check_name(name, "route");
    out.push_back({.name = name.text, .where = name.where, .node = section.value(i)});
  }
}

bool read_option_node(const std::string& name, const NodeView& node, ConfigDraft& draft) {
  const auto options = top_level_options();
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i].name != name) continue;
    draft.top_level.emplace_back(i, node);
    return true;
  }
  return false;
}

void read_log(const NodeView& section, ConfigDraft& draft) {
  if (!has_entries(section, "log")) return;
  static const std::vector<std::string> kKeys{"level", "format"};
  for (std::size_t i = 0; i < section.size(); ++i) {
    const PlacedText key = section.key(i).text();
    if (read_option_node("log." + key.text, section.value(i), draft)) continue;
    throw key.error(fmt::format("unknown key {} in log", key.shown()), suggest(key.text, kKeys));
  }
}

}  // namespace

void check_name(const PlacedText& name, const std::string& what) {
  const auto bad = std::find_if_not(name.text.begin(), name.text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  const std::string hint =
      fmt::format("a name has 1 to {} of: letters, digits, _ and -", bounds::kNameBytesMax);
  if (bad != name.text.end()) {
    throw name.error(fmt::format("{} cannot be the name of a {}", name.shown(), what), hint,
                     static_cast<std::size_t>(bad - name.text.begin()));
  }
  if (name.text.empty() || name.text.size() > bounds::kNameBytesMax) {
    throw name.error(fmt::format("the name of a {} has {} bytes", what, name.text.size()), hint);
  }
}

ConfigDraft draft_of(const Document& file) {
  ConfigDraft draft;
  const NodeView root(file);
  if (!has_entries(root, "a configuration")) return draft;
  for (std::size_t i = 0; i < root.size(); ++i) {
    const PlacedText key = root.key(i).text();
    const NodeView value = root.value(i);
    if (key.text == "sources") {
      read_components(value, key.text, "source", draft.sources);
    } else if (key.text == "sinks") {
      read_components(value, key.text, "sink", draft.sinks);
    } else if (key.text == "routes") {
      read_routes(value, draft.routes);
    } else if (key.text == "log") {
      read_log(value, draft);
    } else if (!read_option_node(key.text, value, draft) ||
               key.text.find('.') != std::string::npos) {
      throw key.error(fmt::format("unknown key {}", key.shown()),
                      suggest(key.text, top_level_keys()));
    }
  }
  return draft;
}

}  // namespace weir
