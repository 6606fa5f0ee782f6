#include "router/bench/collect/compression.hpp"

#include <array>

namespace weir::bench {
namespace {

struct Magic {
  std::string_view bytes;
  std::string_view name;
};

constexpr std::array<Magic, 5> kMagics = {{{"\x1f\x8b\x08", "gzip"},
                                           {"\x28\xb5\x2f\xfd", "zstd"},
                                           {"\xfd\x37zXZ", "xz"},
                                           {"BZh", "bzip2"},
                                           {"\x04\x22\x4d\x18", "lz4"}}};

}  // namespace

std::optional<std::string_view> compression_of(std::string_view begin) noexcept {
  for (const Magic& magic : kMagics) {
    if (begin.starts_with(magic.bytes)) return magic.name;
  }
  return std::nullopt;
}

}  // namespace weir::bench
