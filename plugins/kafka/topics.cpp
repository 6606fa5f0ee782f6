#include "plugins/kafka/topics.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace weir::kafka {
namespace {

constexpr std::size_t kNameBytesMax = 249;  // Kafka's own limit: names become directories.
constexpr std::uint64_t kTopicsMaxCeiling = 65535;

/// Why Kafka would not take it as a topic's name; "" where it would.
std::string complaint(const std::string& name) {
  if (name.empty()) return "a topic's name cannot be empty";
  if (name == "." || name == "..") return "\".\" and \"..\" are no topics";
  if (name.size() > kNameBytesMax) {
    return fmt::format("a topic's name has at most {} bytes", kNameBytesMax);
  }
  const bool good = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  return good ? "" : "a topic's name is made of letters, digits, \".\", \"_\" and \"-\"";
}

/// What the template looks like where every value is missing.
std::string skeleton(const Template& text) {
  std::size_t width = 0;
  for (const std::size_t column : text.columns()) width = std::max(width, column + 1);
  std::string rendered;
  text.render(std::vector<Value>(width), 0, rendered);
  return rendered;
}

}  // namespace

Topics::Topics(const Settings& settings, SinkContext& context)
    : template_(Template::compile(settings.path(), settings, "", context)),
      max_(settings.integer("max_topics")) {
  if (max_ == 0 || max_ > kTopicsMaxCeiling) {
    throw settings.error("max_topics",
                         fmt::format("max_topics is from 1 to {}", kTopicsMaxCeiling));
  }
  check(settings);
  is_one_ = template_.same_for_all_events() && template_.time_granularity_s() == 0;
  if (settings.has("topics")) allow(settings);
  if (is_one_) choose({}, 0);
}

void Topics::check(const Settings& settings) const {
  const std::string why = complaint(skeleton(template_));
  if (!why.empty()) throw settings.error("", why);
  if (template_.same_for_all_events() || settings.has("topics")) return;
  if (template_.literal_prefix().empty()) {
    throw settings.error("", "events could write to any topic",
                         "begin it with text of its own, as in logs-{app}, or list those that "
                         "there may be in `topics`");
  }
}

void Topics::allow(const Settings& settings) {
  if (template_.same_for_all_events()) {
    throw settings.error("topics", "topics does nothing where the topic does not depend on events");
  }
  for (const std::string& name : settings.strings("topics")) {
    const std::string why = complaint(name);
    if (!why.empty()) throw settings.error("topics", why);
    if (indices_.try_emplace(name, static_cast<std::uint16_t>(names_.size())).second) {
      names_.push_back(name);
    }
  }
  if (names_.empty()) throw settings.error("topics", "the list is empty");
  if (names_.size() > max_) throw settings.error("topics", "these are more than max_topics");
  only_listed_ = true;
}

std::optional<std::uint16_t> Topics::choose(std::span<const Value> columns,
                                            std::int64_t received_ns) {
  if (is_one_ && !names_.empty()) return std::uint16_t{0};
  rendered_.clear();
  template_.render(columns, received_ns, rendered_);
  const auto known = indices_.find(rendered_);
  if (known != indices_.end()) return known->second;
  if (only_listed_ || names_.size() >= max_ || rendered_.size() > kNameBytesMax) return {};
  const auto index = static_cast<std::uint16_t>(names_.size());
  names_.push_back(rendered_);
  indices_.emplace(rendered_, index);
  return index;
}

}  // namespace weir::kafka
