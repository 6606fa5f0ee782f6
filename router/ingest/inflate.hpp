#pragma once

// Inflater: unpacks what a sender has compressed, as it arrives, and never more than it was told
// to.
//
//   gzip   one member (RFC 1952), or several in a row where that is asked for
//   zstd   one frame (RFC 8878) with a window of at most 8 MiB; no dictionary, no skippable frame
//
// Three bounds: the bytes that come out (the caller's); their ratio to those that went in, once a
// MiB has come out; and the memory for the window. Bytes behind the end are refused, and what came
// out is not looked into for more layers.
//
// Threads: one at a time. Memory: see bytes_held(); the room that is unpacked into is the caller's.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct ZSTD_DCtx_s;
struct z_stream_s;

namespace weir {

enum class Packing : std::uint8_t { Gzip, GzipMembers, Zstd };

enum class InflateFault : std::uint8_t {
  None,
  TooLarge,     ///< More comes out than the caller allows.
  BadRatio,     ///< A hundred times more comes out than went in: a bomb.
  Corrupt,      ///< It is not what it should be, or its checksum is wrong.
  Truncated,    ///< It ends too early.
  Trailing,     ///< Something stands behind its end.
  Unsupported,  ///< A window of more than 8 MiB, or a dictionary.
  NoMemory,     ///< The system gave none for the window.
};

/// In words, for whoever sent it: "the compressed data is damaged".
std::string_view to_string(InflateFault fault) noexcept;

class Inflater {
 public:
  /// `bytes_max`: the most that may come out.
  Inflater(Packing packing, std::uint64_t bytes_max);
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater();

  /// Unpacks from the front of `packed`, which is shortened by what was used, into `room`; returns
  /// the bytes that came out. If they fill the room, there may be more: call it again, also with
  /// nothing left in `packed`. Nothing is used up once there is a fault. Requires: room.
  std::size_t step(std::span<const char>& packed, std::span<char> room) noexcept;

  /// No more will come: Truncated, where more would have to. Returns fault().
  InflateFault finish() noexcept;

  InflateFault fault() const noexcept { return fault_; }

  /// Memory that it has at present: 48 KiB for gzip; for zstd 0.2 MiB, and as much as the frame's
  /// window.
  std::size_t bytes_held() const noexcept;

 private:
  struct EndGzip {
    void operator()(z_stream_s* stream) const noexcept;
  };
  struct EndZstd {
    void operator()(ZSTD_DCtx_s* context) const noexcept;
  };

  bool begins_well(std::span<const char> packed) noexcept;
  std::size_t step_gzip(std::span<const char>& packed, std::span<char> room) noexcept;
  std::size_t step_zstd(std::span<const char>& packed, std::span<char> room) noexcept;

  std::unique_ptr<z_stream_s, EndGzip> gzip_;
  std::unique_ptr<ZSTD_DCtx_s, EndZstd> zstd_;
  const bool takes_members_;
  const std::uint64_t bytes_max_;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  bool ended_ = false;
  InflateFault fault_ = InflateFault::None;
};

/// All of `packed` at once, appended to `to`; what was appended before a fault stays there.
InflateFault inflate_all(Packing packing, std::span<const char> packed, std::size_t bytes_max,
                         std::string& to);

}  // namespace weir
