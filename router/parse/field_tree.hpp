#pragma once

// FieldTree: a FieldSet in the form in which the decoder meets an event: for each nesting level the
// wanted keys, found by their first byte. Built when a configuration is compiled; immutable; any
// thread may read it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "router/base/field_set.hpp"

namespace weir {

/// One level of nesting: the keys that are wanted of an object.
class FieldNode {
 public:
  static constexpr int kNone = -1;
  static constexpr int kEscaped = -2;

  FieldNode() {
    first_.fill(kNone);
    first_['\\'] = kEscaped;
  }

  /// What is compared for every key of every event; kept together for the cache.
  struct Key {
    std::uint64_t word = 0;  ///< The first 8 bytes of the key with its closing quote...
    std::uint64_t mask = 0;  ///< ...as far as it has them.
    std::int16_t next = -1;  ///< The next key that begins with the same byte.
    std::int16_t slot = -1;  ///< Where its value goes; -1: only what lies below it is wanted.
    bool is_one_word = false;
    bool has_below = false;
    std::uint8_t once = 0;  ///< With slot -1, a bit of its own by which a duplicate is known:
                            ///< 1 to 63; 0 where there are more.

    /// True if the 8 bytes at `raw` are those of this key and, where it has fewer than 8, of the
    /// quote that ends it. Most keys need no further look. Requires: 8 readable bytes.
    bool starts_as(const char* raw) const noexcept {
      std::uint64_t bytes;
      std::memcpy(&bytes, raw, sizeof bytes);
      return (bytes & mask) == word;
    }
  };

  /// The first key that begins with `byte`, kNone if there is none, kEscaped if the byte does not
  /// tell; go on with Key::next.
  int first(char byte) const noexcept { return first_[static_cast<unsigned char>(byte)]; }
  const Key& key(int index) const noexcept { return keys_[static_cast<std::size_t>(index)]; }
  const std::string& name(int index) const noexcept {
    return names_[static_cast<std::size_t>(index)];
  }
  /// The keys that are wanted of the object in it. Requires: has_below.
  const FieldNode& below(int index) const noexcept {
    return *below_[static_cast<std::size_t>(index)];
  }
  std::size_t size() const noexcept { return keys_.size(); }

  /// The key that is spelled so, unescaped; -1 if there is none.
  int find(std::string_view name) const noexcept;

  // While it is built.
  int add(const std::string& name);
  void set_slot(int index, int slot) noexcept;
  FieldNode& make_below(int index);
  void number_branches(std::uint8_t& last);

 private:
  std::array<std::int16_t, 256> first_;
  std::vector<Key> keys_;
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<FieldNode>> below_;
};

class FieldTree {
 public:
  FieldTree() = default;
  explicit FieldTree(const FieldSet& fields);

  /// The wanted keys of the event itself.
  const FieldNode& root() const noexcept { return root_; }

  /// Nothing of an event is wanted, nor whether it is JSON at all: it need not be parsed.
  bool empty() const noexcept { return root_.size() == 0 && !wants(Metadata::Format); }

  /// The slot of the top-level field `message`, which a text event has too; -1: not wanted.
  int message_slot() const noexcept { return message_slot_; }

  /// A wanted item of metadata.
  struct MetadataSlot {
    Metadata metadata;
    Slot slot;
  };
  const std::vector<MetadataSlot>& metadata() const noexcept { return metadata_; }
  bool wants(Metadata metadata) const noexcept;

  std::size_t slot_count() const noexcept { return slot_count_; }

 private:
  FieldNode root_;
  std::vector<MetadataSlot> metadata_;
  int message_slot_ = -1;
  std::size_t slot_count_ = 0;
};

}  // namespace weir
