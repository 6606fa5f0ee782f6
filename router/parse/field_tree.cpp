#include "router/parse/field_tree.hpp"

#include <algorithm>

namespace weir {
namespace {

/// JSON has no other way to write this name than with a backslash.
bool needs_escape(const std::string& name) noexcept {
  return std::any_of(name.begin(), name.end(), [](char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
  });
}

}  // namespace

int FieldNode::find(std::string_view name) const noexcept {
  // An empty key has no first byte; it is kept under the quote that ends it.
  for (int i = first(name.empty() ? '"' : name[0]); i >= 0; i = key(i).next) {
    if (names_[static_cast<std::size_t>(i)] == name) return i;
  }
  return -1;
}

int FieldNode::add(const std::string& name) {
  if (const int found = find(name); found >= 0) return found;
  const std::string quoted = name + '"';
  std::int16_t& head = first_[static_cast<unsigned char>(quoted[0])];
  Key added{.next = head, .is_one_word = quoted.size() <= sizeof(Key::word)};
  if (needs_escape(name)) {
    added.word = 1;  // With an empty mask: no raw bytes are this key.
    added.is_one_word = false;
  } else {
    const std::size_t size = std::min(quoted.size(), sizeof added.word);
    std::memcpy(&added.word, quoted.data(), size);
    std::memset(&added.mask, 0xFF, size);
  }
  head = static_cast<std::int16_t>(keys_.size());
  keys_.push_back(added);
  names_.push_back(name);
  below_.push_back(nullptr);
  return head;
}

void FieldNode::set_slot(int index, int slot) noexcept {
  keys_[static_cast<std::size_t>(index)].slot = static_cast<std::int16_t>(slot);
}

FieldNode& FieldNode::make_below(int index) {
  std::unique_ptr<FieldNode>& node = below_[static_cast<std::size_t>(index)];
  if (node == nullptr) node = std::make_unique<FieldNode>();
  keys_[static_cast<std::size_t>(index)].has_below = true;
  return *node;
}

void FieldNode::number_branches(std::uint8_t& last) {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i].slot < 0 && last < 63) keys_[i].once = ++last;
    if (below_[i] != nullptr) below_[i]->number_branches(last);
  }
}

FieldTree::FieldTree(const FieldSet& fields) : slot_count_(fields.size()) {
  Slot slot = 0;
  for (const FieldPath& path : fields.paths()) {
    if (path.metadata != Metadata::None) {
      metadata_.push_back({path.metadata, slot++});
      continue;
    }
    FieldNode* node = &root_;
    for (std::size_t depth = 0; depth + 1 < path.keys.size(); ++depth) {
      node = &node->make_below(node->add(path.keys[depth]));
    }
    node->set_slot(node->add(path.keys.back()), slot);
    if (path.keys.size() == 1 && path.keys[0] == "message") message_slot_ = slot;
    ++slot;
  }
  std::uint8_t last = 0;
  root_.number_branches(last);
}

bool FieldTree::wants(Metadata metadata) const noexcept {
  for (const MetadataSlot& item : metadata_) {
    if (item.metadata == metadata) return true;
  }
  return false;
}

}  // namespace weir
