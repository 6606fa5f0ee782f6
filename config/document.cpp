#include "config/document.hpp"

#include <utility>

#include "config/scalar_place.hpp"

namespace weir {

Document Document::scalar(std::string origin, std::string text, const SecretNames& secrets) {
  Node node{.kind = NodeKind::Scalar, .line = 1, .column = 1, .text = text};
  Document document{SourceText::value(std::move(origin), std::move(text), secrets), {}};
  document.nodes.push_back(std::move(node));
  return document;
}

Location NodeView::where() const { return document_->source.locate(node().line, node().column); }

PlacedText NodeView::text() const {
  return place_scalar(document_->source, node().line, node().column, node().text);
}

std::size_t NodeView::size() const noexcept {
  return node().kind == NodeKind::Mapping ? node().children.size() / 2 : node().children.size();
}

NodeView NodeView::item(std::size_t index) const noexcept {
  return NodeView(*document_, node().children[index]);
}

NodeView NodeView::key(std::size_t index) const noexcept { return item(2 * index); }

NodeView NodeView::value(std::size_t index) const noexcept { return item(2 * index + 1); }

ConfigError NodeView::error(const std::string& message, const std::string& hint) const {
  return ConfigError(where(), message, hint);
}

std::string_view to_string(NodeKind kind) noexcept {
  switch (kind) {
    case NodeKind::Null:
      return "nothing";
    case NodeKind::Scalar:
      return "text";
    case NodeKind::List:
      return "a list";
    case NodeKind::Mapping:
      return "a mapping";
  }
  return "nothing";
}

}  // namespace weir
