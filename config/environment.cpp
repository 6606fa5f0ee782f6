#include "config/environment.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "config/top_level.hpp"

namespace weir {
namespace {

constexpr std::string_view kPrefix = "WEIR_";
// Read elsewhere: the file's path, and the directory that the shipped configurations name in
// `${WEIR_LOG_DIR:-…}`, which may well be set where none of them is loaded.
constexpr std::array<std::string_view, 2> kReadElsewhere = {"WEIR_CONFIG", "WEIR_LOG_DIR"};
constexpr std::array<std::string_view, 3> kSections = {"SOURCE", "SINK", "ROUTE"};

std::string lowered(std::string_view name) {
  std::string result(name);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

/// Names that differ only in case, - and _ are the same to a variable.
std::string folded(std::string_view name) {
  std::string result = lowered(name);
  std::replace(result.begin(), result.end(), '-', '_');
  return result;
}

/// Replaces the draft that has the same name, or appends.
template <class Draft>
void put(std::vector<Draft>& drafts, Draft draft) {
  const auto by_name = [&](const Draft& each) { return each.name == draft.name; };
  const auto by_folded_name = [&](const Draft& each) {
    return folded(each.name) == folded(draft.name);
  };
  auto found = std::find_if(drafts.begin(), drafts.end(), by_name);
  if (found == drafts.end()) found = std::find_if(drafts.begin(), drafts.end(), by_folded_name);
  if (found == drafts.end()) {
    drafts.push_back(std::move(draft));
    return;
  }
  const auto another = std::find_if(std::next(found), drafts.end(), by_folded_name);
  if (found->name != draft.name && another != drafts.end()) {
    throw ConfigError(draft.where,
                      fmt::format("this variable could mean {} or {}", quoted(found->name),
                                  quoted(another->name)),
                      "give one of them a name that differs in more than - and _");
  }
  draft.name = found->name;
  *found = std::move(draft);
}

/// Every name that is known, as candidates for a suggestion.
std::vector<std::string> known_names(std::string_view wrong) {
  std::vector<std::string> names(kReadElsewhere.begin(), kReadElsewhere.end());
  for (const OptionSpec& option : top_level_options()) names.push_back(variable_of(option));
  // WEIR_SOURCES_APPS: the section with this name.
  const std::string_view rest = wrong.substr(kPrefix.size());
  const std::size_t underscore = rest.find('_');
  for (const std::string_view section : kSections) {
    const std::string_view name =
        underscore == std::string_view::npos ? "_NAME" : rest.substr(underscore);
    names.push_back(fmt::format("{}{}{}", kPrefix, section, name));
  }
  return names;
}

/// Kubernetes and Docker put variables for a service called `weir-drain` into every container of
/// its namespace or network: WEIR_DRAIN_SERVICE_HOST, WEIR_DRAIN_PORT=tcp://10.0.0.1:5170,
/// WEIR_DRAIN_PORT_5170_TCP_ADDR. Nobody wrote them for weir.
bool is_service_link(std::string_view name, std::string_view value) {
  const auto has = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
  const bool is_address = value.starts_with("tcp://") || value.starts_with("udp://");
  return has("_SERVICE_HOST") || has("_SERVICE_PORT") || (name.ends_with("_PORT") && is_address) ||
         (has("_PORT_") && (has("_TCP") || has("_UDP")));
}

class EnvironmentReader {
 public:
  EnvironmentReader(const SecretNames& secrets, const std::string& mentions,
                    std::deque<Document>& documents, ConfigDraft& draft)
      : secrets_(secrets), mentions_(mentions), documents_(documents), draft_(draft) {}

  void read(const std::string& name, const std::string& value) {
    const bool elsewhere =
        std::find(kReadElsewhere.begin(), kReadElsewhere.end(), name) != kReadElsewhere.end();
    if (elsewhere || read_section(name, value) || read_option(name, value)) return;
    for (const std::string_view section : kSections) {
      if (name.substr(kPrefix.size()) != section) continue;
      throw ConfigError({.origin = name}, "this variable needs a name behind it",
                        fmt::format("write {}_NAME", name));
    }
    if (is_mentioned(name) || is_service_link(name, value)) return;
    throw ConfigError({.origin = name}, "unknown variable: names with WEIR_ belong to weir",
                      suggest(name, known_names(name)));
  }

 private:
  /// True where `${NAME}`, `${NAME:-…}` or `${NAME:?…}` stands anywhere.
  bool is_mentioned(const std::string& name) const {
    const std::string reference = "${" + name;
    std::size_t at = mentions_.find(reference);
    for (; at != std::string::npos; at = mentions_.find(reference, at + 1)) {
      const std::size_t end = at + reference.size();
      if (end < mentions_.size() && (mentions_[end] == '}' || mentions_[end] == ':')) return true;
    }
    return false;
  }

  bool read_section(const std::string& variable, const std::string& value) {
    for (const std::string_view section : kSections) {
      const std::string prefix = fmt::format("{}{}_", kPrefix, section);
      if (!variable.starts_with(prefix)) continue;
      PlacedText name{.text = lowered(std::string_view(variable).substr(prefix.size())),
                      .where = {.origin = variable}};
      check_name(name, lowered(section));
      if (value.empty()) return true;
      const NodeView node = document(variable, value);
      const Location where = node.where();
      if (section == "ROUTE") {
        put(draft_.routes, {.name = name.text, .where = where, .node = node, .is_arrow = true});
      } else {
        put(section == "SOURCE" ? draft_.sources : draft_.sinks,
            ComponentDraft{.name = name.text, .where = where, .node = node});
      }
      return true;
    }
    return false;
  }

  bool read_option(const std::string& variable, const std::string& value) {
    const auto options = top_level_options();
    for (std::size_t i = 0; i < options.size(); ++i) {
      if (variable_of(options[i]) != variable) continue;
      if (!value.empty()) draft_.top_level.emplace_back(i, document(variable, value));
      return true;
    }
    return false;
  }

  NodeView document(const std::string& origin, const std::string& text) {
    documents_.push_back(Document::scalar(origin, text, secrets_));
    return NodeView(documents_.back());
  }

  const SecretNames& secrets_;
  const std::string& mentions_;
  std::deque<Document>& documents_;
  ConfigDraft& draft_;
};

}  // namespace

void apply_environment(const Environment& environment, const SecretNames& secrets,
                       const std::string& mentions, std::deque<Document>& documents,
                       ConfigDraft& draft) {
  EnvironmentReader reader(secrets, mentions, documents, draft);
  for (auto each = environment.lower_bound(std::string(kPrefix));
       each != environment.end() && each->first.starts_with(kPrefix); ++each) {
    reader.read(each->first, each->second);
  }
}

std::string variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

Environment process_environment() {
  Environment result;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view entry = *each;
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    result.try_emplace(std::string(entry.substr(0, equals)), entry.substr(equals + 1));
  }
  return result;
}

}  // namespace weir
