#include "router/bench/collect/gunzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <climits>

namespace weir::bench {
namespace {

constexpr int kGzipOnly = 16;  // Added to the window's bits; see inflateInit2() in zlib.h.

/// Closed by itself.
class Inflater {
 public:
  Inflater() { ready_ = ::inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK; }
  ~Inflater() {
    if (ready_) ::inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  bool ready() const noexcept { return ready_; }
  z_stream& stream() noexcept { return stream_; }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

}  // namespace

std::optional<std::string> gunzip(std::string_view packed, std::size_t bytes_max) {
  Inflater inflater;
  if (!inflater.ready() || packed.size() > UINT_MAX) return std::nullopt;
  z_stream& stream = inflater.stream();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string unpacked;
  std::array<char, 64 * 1024> room;
  while (true) {
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = static_cast<uInt>(room.size());
    const int status = ::inflate(&stream, Z_NO_FLUSH);
    const std::size_t count = room.size() - stream.avail_out;
    if (count > bytes_max - unpacked.size()) return std::nullopt;
    unpacked.append(room.data(), count);
    if (status == Z_STREAM_END) {
      if (stream.avail_in == 0) return unpacked;
      if (::inflateReset(&stream) != Z_OK) return std::nullopt;
    } else if (status != Z_OK) {
      return std::nullopt;  // Z_BUF_ERROR: it is cut off.
    }
  }
}

}  // namespace weir::bench
