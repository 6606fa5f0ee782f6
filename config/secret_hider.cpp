#include "config/secret_hider.hpp"

#include <cstdint>
#include <unordered_set>
#include <vector>

namespace weir {
namespace {

class SecretHider {
 public:
  SecretHider(Document& document, const SecretNames& secrets)
      : document_(document), secrets_(secrets) {}

  void run() {
    document_.source.show_all(secrets_);
    if (!document_.nodes.empty()) visit(0, 0);
  }

 private:
  /// `level`: 0 the file, 1 inside of `sources`, where keys are names, 2 and more: options.
  void visit(std::uint32_t index, std::size_t level) {
    if (!visited_.insert(index).second) return;  // An alias: hidden with its anchor.
    const std::vector<std::uint32_t>& children = document_.nodes[index].children;
    const bool mapping = document_.nodes[index].kind == NodeKind::Mapping;
    for (std::size_t i = 0; i < children.size(); i += mapping ? 2 : 1) {
      if (!mapping) {
        visit(children[i], level);
      } else if (level != 1 && secrets_.contains(document_.nodes[children[i]].text)) {
        hide(children[i + 1]);
      } else {
        visit(children[i + 1], level + 1);
      }
    }
  }

  /// The node's own lines: from where it begins to where the next node begins.
  void hide(std::uint32_t index) {
    const Node& node = document_.nodes[index];
    std::size_t end = document_.source.line_count() + 1;
    if (index + 1 < document_.nodes.size()) end = document_.nodes[index + 1].line;
    if (!hidden_.insert(index).second) return;
    document_.source.hide(node.line, node.column);
    for (std::size_t line = node.line + 1; line < end; ++line) document_.source.hide(line, 1);
    for (const std::uint32_t child : node.children) hide(child);
  }

  Document& document_;
  const SecretNames& secrets_;
  std::unordered_set<std::uint32_t> visited_;
  std::unordered_set<std::uint32_t> hidden_;
};

}  // namespace

void hide_secrets(Document& document, const SecretNames& secrets) {
  SecretHider(document, secrets).run();
}

}  // namespace weir
