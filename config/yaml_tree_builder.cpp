#include "config/yaml_tree_builder.hpp"

#include <fmt/format.h>

#include "config/bounds.hpp"
#include "config/scalar_place.hpp"

namespace weir {

void TreeBuilder::OnDocumentStart(const YAML::Mark& mark) {
  if (!is_complete_) return;
  throw ConfigError(locate(mark), "a second YAML document",
                    "one file holds one configuration: remove the line ---");
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const bool is_value = !levels_.empty() && !expects_key() &&
                        document_.nodes[levels_.back().node].kind == NodeKind::Mapping;
  const std::uint32_t index = add(NodeKind::Null, mark, "", anchor);
  if (!is_value) return;
  // yaml-cpp's mark is of whatever comes next; a missing value is told at its key.
  const std::vector<std::uint32_t>& entries = document_.nodes[levels_.back().node].children;
  const Node& key = document_.nodes[entries[entries.size() - 2]];
  document_.nodes[index].line = key.line;
  document_.nodes[index].column = key.column;
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  refuse_tag(mark, tag);
  refuse_open_quote(mark);
  document_.nodes[add(NodeKind::Scalar, mark, value, anchor)].text = value;
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end() || open_anchors_.contains(anchor)) {
    throw ConfigError(locate(mark), "this alias stands for something that contains it");
  }
  if (expects_key()) throw ConfigError(locate(mark), "expected a key, not an alias");
  attach(found->second);
  count(document_.nodes[found->second].expanded_count, mark);
}

void TreeBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                                  YAML::anchor_t anchor, YAML::EmitterStyle::value) {
  refuse_tag(mark, tag);
  open(add(NodeKind::List, mark, "", anchor), mark, anchor);
}

void TreeBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value) {
  refuse_tag(mark, tag);
  open(add(NodeKind::Mapping, mark, "", anchor), mark, anchor);
}

Location TreeBuilder::locate(const YAML::Mark& mark) const {
  return document_.source.locate(static_cast<std::size_t>(mark.line) + 1,
                                 static_cast<std::size_t>(mark.column) + 1);
}

void TreeBuilder::refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
  const std::string& raw = document_.source.text();
  const std::size_t at = document_.source.offset_of(static_cast<std::size_t>(mark.line) + 1,
                                                    static_cast<std::size_t>(mark.column) + 1);
  // "?" is no tag, "!" is what yaml-cpp gives to quoted scalars.
  const bool written = at < raw.size() && raw[at] == '!';
  if (!written && (tag.empty() || tag == "?" || tag == "!")) return;
  throw ConfigError(locate(mark), "a value that begins with \"!\" is a tag to YAML, not text",
                    "put it into single quotes: '!…'");
}

void TreeBuilder::refuse_open_quote(const YAML::Mark& mark) const {
  const bool closed = is_closed_scalar(document_.source, static_cast<std::size_t>(mark.line) + 1,
                                       static_cast<std::size_t>(mark.column) + 1);
  if (!closed) throw ConfigError(locate(mark), "the quote that opens here is never closed");
}

std::uint32_t TreeBuilder::add(NodeKind kind, const YAML::Mark& mark, const std::string& key,
                               YAML::anchor_t anchor) {
  const auto index = static_cast<std::uint32_t>(document_.nodes.size());
  document_.nodes.push_back({.kind = kind,
                             .line = static_cast<std::uint32_t>(mark.line) + 1,
                             .column = static_cast<std::uint32_t>(mark.column) + 1});
  count(1, mark);
  if (anchor != 0) anchors_[anchor] = index;
  if (expects_key()) check_key(kind, mark, key);
  attach(index);
  return index;
}

/// Refuses a key that is not text or stands in its mapping already.
void TreeBuilder::check_key(NodeKind kind, const YAML::Mark& mark, const std::string& key) {
  if (kind != NodeKind::Scalar) {
    throw ConfigError(locate(mark), fmt::format("expected a key, not {}", to_string(kind)));
  }
  if (key == "<<") {
    throw ConfigError(locate(mark), "YAML's merge key is not supported",
                      "write the options out where they are used");
  }
  const auto [first, is_new] =
      levels_.back().keys.try_emplace(key, static_cast<std::size_t>(mark.line) + 1);
  if (is_new) return;
  throw ConfigError(locate(mark), fmt::format("{} is written twice", quoted(key)),
                    fmt::format("the first one is on line {}", first->second));
}

void TreeBuilder::attach(std::uint32_t index) {
  if (!levels_.empty()) document_.nodes[levels_.back().node].children.push_back(index);
}

bool TreeBuilder::expects_key() const {
  if (levels_.empty()) return false;
  const Node& parent = document_.nodes[levels_.back().node];
  return parent.kind == NodeKind::Mapping && parent.children.size() % 2 == 0;
}

void TreeBuilder::open(std::uint32_t index, const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (levels_.size() >= bounds::kNodeDepthMax) {
    throw ConfigError(locate(mark), fmt::format("more than {} levels", bounds::kNodeDepthMax));
  }
  if (anchor != 0) open_anchors_.insert(anchor);
  levels_.push_back({index, anchor, {}, counted_ - 1});
}

void TreeBuilder::close() {
  const Level& level = levels_.back();
  document_.nodes[level.node].expanded_count =
      static_cast<std::uint32_t>(counted_ - level.counted_before);
  open_anchors_.erase(level.anchor);
  levels_.pop_back();
}

void TreeBuilder::count(std::size_t nodes, const YAML::Mark& mark) {
  counted_ += nodes;
  if (counted_ > bounds::kNodesMax) {
    throw ConfigError(locate(mark), fmt::format("more than {} YAML nodes, with all that aliases "
                                                "stand for",
                                                bounds::kNodesMax));
  }
}

}  // namespace weir
