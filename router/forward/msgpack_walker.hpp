#pragma once

// MsgpackWalker: finds the end of a MessagePack value whose bytes come bit by bit, and sees that it
// is one: every head known, no container deeper than it may be, no count or length larger than
// could still follow. Each byte of a head is looked at once, payloads are stepped over, and memory
// is that of the object, whatever the counts say.
//
// One value at a time; reset() for the next. Any one thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::msgpack {

class Walker {
 public:
  /// Arrays and maps that may lie in each other.
  static constexpr std::size_t kDepthMax = 68;

  enum class State : std::uint8_t {
    Unfinished,  ///< Call again with more bytes.
    Complete,    ///< The value ends at end().
    Invalid,     ///< No MessagePack.
    TooLarge,    ///< It is longer than `bytes_max`.
    TooDeep,     ///< More than kDepthMax containers lie in each other.
  };

  /// Goes on where it stopped. `bytes`: the value from its first byte, as far as it has come.
  State walk(std::string_view bytes, std::size_t bytes_max) noexcept;

  /// Where the value ends. Requires: walk() said Complete.
  std::size_t end() const noexcept { return at_; }

  void reset() noexcept {
    at_ = 0;
    depth_ = 0;
    has_begun_ = false;
  }

 private:
  std::size_t at_ = 0;  // May lie behind what has come: inside of a payload.
  std::size_t depth_ = 0;
  bool has_begun_ = false;
  std::array<std::uint64_t, kDepthMax> left_;  // Values that are still to come, by depth.
};

}  // namespace weir::msgpack
