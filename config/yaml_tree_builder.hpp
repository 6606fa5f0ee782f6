#pragma once

// TreeBuilder: takes yaml-cpp's events and builds a Document's nodes. It refuses what read_yaml()
// promises to refuse. Lives for one parse.

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "config/document.hpp"

namespace weir {

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Document& document) : document_(document) {}

  /// One document is all that a file may hold: from here on, another one is an error.
  void expect_no_more() { is_complete_ = true; }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { close(); }

 private:
  /// A list or mapping that is not closed yet.
  struct Level {
    std::uint32_t node;
    YAML::anchor_t anchor;
    std::unordered_map<std::string, std::size_t> keys;  // Of a mapping: the line of each.
    std::size_t counted_before;
  };

  Location locate(const YAML::Mark& mark) const;
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const;
  void refuse_open_quote(const YAML::Mark& mark) const;
  void check_key(NodeKind kind, const YAML::Mark& mark, const std::string& key);
  bool expects_key() const;

  std::uint32_t add(NodeKind kind, const YAML::Mark& mark, const std::string& key,
                    YAML::anchor_t anchor);
  void attach(std::uint32_t index);
  void open(std::uint32_t index, const YAML::Mark& mark, YAML::anchor_t anchor);
  void close();
  void count(std::size_t nodes, const YAML::Mark& mark);

  Document& document_;
  std::vector<Level> levels_;
  std::unordered_map<YAML::anchor_t, std::uint32_t> anchors_;
  std::unordered_set<YAML::anchor_t> open_anchors_;
  std::size_t counted_ = 0;
  bool is_complete_ = false;
};

}  // namespace weir
