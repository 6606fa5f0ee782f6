#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

// Finds all newlines of a block in one pass without a branch per event: 5-9 ns per event of 414
// bytes, where memchr called once per event takes 16-18. The instruction set is chosen at start.

namespace weir::raw {

class Newlines {
 public:
  /// Requires: no call to `find` looks at more than `block_bytes_max` bytes.
  explicit Newlines(std::size_t block_bytes_max);

  /// Offsets from `block` of the newlines in [from, to), ascending, until the next call.
  /// Reads up to 63 bytes past `to`.
  std::span<const std::uint32_t> find(const char* block, std::size_t from, std::size_t to);

 private:
  using Finder = std::uint32_t* (*)(const char*, std::size_t, std::size_t, std::uint32_t*);

  std::unique_ptr<std::uint32_t[]> offsets_;
  Finder finder_;
};

}  // namespace weir::raw
