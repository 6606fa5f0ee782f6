#pragma once

// Document and NodeView: configuration as a tree, whatever it was written in. A YAML file becomes a
// tree of mappings, lists and scalars; an environment variable or a command-line option is a
// document of one scalar. What reads the tree does not know YAML.
//
// A NodeView is a cursor into a Document and must not outlive it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/placed_text.hpp"
#include "config/source_text.hpp"

namespace weir {

enum class NodeKind : std::uint8_t { Null, Scalar, List, Mapping };

struct Node {
  NodeKind kind = NodeKind::Null;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t expanded_count = 1;     ///< Nodes in it, aliases followed.
  std::string text;                     ///< Of a scalar, as YAML understood it.
  std::vector<std::uint32_t> children;  ///< Of a list; of a mapping: key, value, key, value, …
};

/// nodes[0] is the root; nodes stand in the order in which they were written.
struct Document {
  SourceText source;
  std::vector<Node> nodes;

  /// A document of one scalar.
  static Document scalar(std::string origin, std::string text, const SecretNames& secrets);
};

class NodeView {
 public:
  explicit NodeView(const Document& document, std::uint32_t index = 0) noexcept
      : document_(&document), index_(index) {}

  NodeKind kind() const noexcept { return node().kind; }
  bool is(NodeKind kind) const noexcept { return node().kind == kind; }
  Location where() const;

  /// Requires: it is a scalar.
  PlacedText text() const;

  /// Entries of a list or of a mapping.
  std::size_t size() const noexcept;
  NodeView item(std::size_t index) const noexcept;
  NodeView key(std::size_t index) const noexcept;
  NodeView value(std::size_t index) const noexcept;

  std::uint32_t index() const noexcept { return index_; }

  /// To be thrown: `message` here.
  ConfigError error(const std::string& message, const std::string& hint = "") const;

 private:
  const Node& node() const noexcept { return document_->nodes[index_]; }

  const Document* document_;
  std::uint32_t index_;
};

/// "a mapping", "a list", "text", "nothing": for messages.
std::string_view to_string(NodeKind kind) noexcept;

}  // namespace weir
