#include "router/parse/field_tree.hpp"

#include <algorithm>

namespace weir {

int FieldNode::find(std::string_view key) const noexcept {
  // An empty key has no first byte; it is kept under NUL.
  for (int i = first(key.empty() ? '\0' : key[0]); i >= 0; i = child(i).next) {
    if (child(i).key == key) return i;
  }
  return -1;
}

FieldNode::Child& FieldNode::add(const std::string& key) {
  const int found = find(key);
  if (found >= 0) return children_[static_cast<std::size_t>(found)];
  std::int16_t& head = first_[key.empty() ? 0U : static_cast<unsigned char>(key[0])];
  children_.push_back(Child{.key = key, .below = nullptr, .next = head});
  const std::string quoted = key + '"';
  const std::size_t size = std::min(quoted.size(), sizeof children_.back().word);
  std::memcpy(&children_.back().word, quoted.data(), size);
  std::memset(&children_.back().word_mask, 0xFF, size);
  head = static_cast<std::int16_t>(children_.size() - 1);
  return children_.back();
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
      FieldNode::Child& child = node->add(path.keys[depth]);
      if (child.below == nullptr) child.below = std::make_unique<FieldNode>();
      node = child.below.get();
    }
    node->add(path.keys.back()).slot = slot;
    if (path.keys.size() == 1 && path.keys[0] == "message") message_slot_ = slot;
    ++slot;
  }
}

bool FieldTree::wants(Metadata metadata) const noexcept {
  for (const MetadataSlot& item : metadata_) {
    if (item.metadata == metadata) return true;
  }
  return false;
}

}  // namespace weir
