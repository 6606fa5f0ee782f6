#pragma once

// DatagramSlots: where one recvmmsg(2) puts its datagrams. Each gets a slot in the shard's block, a
// little larger than the largest datagram of late, so that small ones lie close together; what does
// not fit goes on in an overflow area (memory that is not touched while nothing overflows), and the
// slots grow.
//
// With UDP_GRO the kernel may hand over many datagrams of one sender in one piece and tells their
// size. SO_RXQ_OVFL tells how many datagrams it has dropped so far.
//
// Threads: its shard's only.

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "router/base/peer.hpp"

namespace weir {

class DatagramSlots {
 public:
  static constexpr std::size_t kSlotsMax = 64;

  /// One received piece.
  struct Piece {
    std::span<const char> head;      ///< In the slot.
    std::span<const char> overflow;  ///< What did not fit.
    std::size_t segment_bytes = 0;   ///< Size of each datagram in it but the last; 0: it is one.
    bool cut = false;  ///< It was larger than the largest; the kernel dropped the rest.
    std::size_t size() const noexcept { return head.size() + overflow.size(); }
  };

  /// `datagram_bytes_max`: larger ones are cut.
  explicit DatagramSlots(std::size_t datagram_bytes_max)
      : datagram_bytes_max_(datagram_bytes_max) {}

  /// Bytes that a block should have room for before receive().
  std::size_t bytes_wanted() const noexcept { return kSlotsWanted * (slot_bytes_ + 1); }

  /// Receives what is there into `room`, one writable byte left behind each piece. Returns the
  /// number of pieces, 0 if there is nothing, -1 with errno set.
  int receive(int fd, char* room, std::size_t room_bytes, bool wants_peer);

  /// How many slots the last receive() offered: fewer pieces than that mean that no more is there.
  int slots_offered() const noexcept { return static_cast<int>(slots_); }

  Piece piece(int index) const noexcept;
  Peer peer(int index) const noexcept;

  /// The kernel's count of dropped datagrams, as of that piece; nothing if it did not say.
  std::optional<std::uint32_t> drops(int index) const noexcept;

  /// Bytes from the start of the room to the end of the last slot that was used.
  std::size_t bytes_used(int pieces) const noexcept {
    return static_cast<std::size_t>(pieces) * (received_slot_bytes_ + 1);
  }

 private:
  static constexpr std::size_t kSlotsWanted = 8;
  static constexpr std::size_t kControlBytes = 64;
  void adapt(int pieces) noexcept;
  template <class T>
  std::optional<T> control(int index, int level, int type) const noexcept;

  const std::size_t datagram_bytes_max_;
  std::size_t slot_bytes_ = 2048;           // For the next receive().
  std::size_t received_slot_bytes_ = 2048;  // Of the last one.
  std::size_t largest_of_late_ = 0;
  int pieces_since_largest_ = 0;
  std::size_t slots_ = 0;
  std::unique_ptr<char[]> overflow_;
  std::array<mmsghdr, kSlotsMax> headers_{};
  std::array<std::array<iovec, 2>, kSlotsMax> pieces_{};
  std::array<sockaddr_storage, kSlotsMax> addresses_{};
  struct alignas(cmsghdr) Control {
    char bytes[kControlBytes];
  };
  std::array<Control, kSlotsMax> controls_{};
};

}  // namespace weir
