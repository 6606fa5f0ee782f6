#pragma once

// Encoder: events of a Batch as the bytes that go into a stream: a file, a pipe, a socket.
//
//   Encoding::Raw    the event's bytes as they came.
//   Encoding::Json   a JSON event as it came, kept on one line; anything else (text, malformed,
//                    truncated) as {"message":…,"time":…,"source":…,"peer":…,"format":…}.
//   Framing::Newline one '\n' behind each event.
//   Framing::Octet   "LENGTH SPACE bytes", RFC 6587 section 3.4.1.
//
// The bytes come as pieces (iovecs). Raw events that lie side by side in their Block with their
// newlines become one piece without a copy; small stray pieces are gathered in a scratch buffer.
// Pieces view the Batch and the Encoder: they hold until the next clear() and as long as the Batch.
//
//   for (std::size_t first = 0; first < batch.size();) {
//     encoder.clear();
//     first += encoder.add(batch, first, batch.size() - first);
//     std::span<iovec> pieces = encoder.pieces();
//     write_all(io, fd, pieces);                    // router/base/io.hpp
//   }
//
// One Encoder belongs to one sink and its thread. It allocates while it grows to its bounds, then
// no more: at most kScratchBytes of scratch (more only for one event that needs more, given back by
// the next clear()), at most kPiecesMax pieces.

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "router/base/batch.hpp"

namespace weir {

class Settings;

class Encoder {
 public:
  enum class Encoding : std::uint8_t { Raw, Json };
  enum class Framing : std::uint8_t { Newline, Octet };

  static constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t kScratchBytes = 256 * 1024;
  static constexpr std::size_t kPiecesMax = 4096;

  explicit Encoder(Encoding encoding, Framing framing = Framing::Newline) noexcept
      : encoding_(encoding), framing_(framing) {}

  /// With the common option `encoding` of `settings`.
  explicit Encoder(const Settings& settings, Framing framing = Framing::Newline);

  /// Adds events from `first` on, at most `count`, behind what was added before. Returns how many
  /// there was room for; at least one where nothing was added since clear(), even if that one alone
  /// passes `bytes_max`. `bytes_max` bounds byte_count().
  std::size_t add(const Batch& batch, std::size_t first, std::size_t count,
                  std::size_t bytes_max = kUnlimited);

  /// What was added. A writer may change the iovecs (io.hpp does, to go on after a short write).
  std::span<iovec> pieces() noexcept { return pieces_; }

  /// The sum of the pieces' lengths, as they were added.
  std::size_t byte_count() const noexcept { return byte_count_; }

  void clear() noexcept;

  /// The encoded length of one event: to find out after a short write how many events went whole.
  /// Clears. Not for the hot path.
  std::size_t encoded_size(const Batch& batch, std::size_t index);

 private:
  static constexpr std::size_t kPrefixBytesMax = 24;  // "LENGTH ".

  bool joins(const Event& event) const noexcept;
  std::size_t add_run(std::span<const Event> events, std::size_t bytes_max);

  // These return false, and add nothing, where there is no room.
  bool add_one(const Batch& batch, const Event& event, std::size_t bytes_max);
  bool add_verbatim(std::string_view bytes, std::size_t bytes_max);
  bool add_unfolded(std::string_view bytes, std::size_t bytes_max);
  bool add_wrapped(const Batch& batch, const Event& event, std::size_t bytes_max);

  std::string_view prefix_for(std::size_t size,
                              std::array<char, kPrefixBytesMax>& room) const noexcept;
  std::string_view origin_text(const Origin& origin);
  bool fits(std::size_t bytes, std::size_t bytes_max) const noexcept;
  void push(const char* data, std::size_t size);
  char* scratch_for(std::size_t bytes, bool may_grow = true);
  void commit(const char* begin, std::size_t bytes);

  Encoding encoding_;
  Framing framing_;
  std::vector<iovec> pieces_;
  std::size_t byte_count_ = 0;
  std::unique_ptr<char[]> scratch_;
  std::size_t scratch_capacity_ = 0;
  std::size_t scratch_used_ = 0;

  // ,"time":…,"source":…,"peer":… of the origin last seen: the same for all events of one read.
  std::string origin_text_;
  Origin origin_;
};

}  // namespace weir
