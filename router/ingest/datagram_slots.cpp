#include "router/ingest/datagram_slots.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cstring>

#include "router/base/limits.hpp"

#ifndef UDP_GRO
#define UDP_GRO 104  // linux/udp.h; older C libraries do not name it.
#endif

namespace weir {
namespace {

// After so many pieces without one of the present size the slots may shrink.
constexpr int kShrinkAfter = 4096;

std::size_t round_up(std::size_t bytes) noexcept { return (bytes + 63) / 64 * 64; }

}  // namespace

int DatagramSlots::receive(int fd, char* room, std::size_t room_bytes, bool wants_peer) {
  if (overflow_ == nullptr) overflow_.reset(new char[kSlotsMax * datagram_bytes_max_]);
  received_slot_bytes_ = slot_bytes_;
  slots_ = std::clamp<std::size_t>(room_bytes / (slot_bytes_ + 1), 1, kSlotsMax);
  for (std::size_t i = 0; i < slots_; ++i) {
    pieces_[i][0] = {room + i * (slot_bytes_ + 1), slot_bytes_};
    pieces_[i][1] = {overflow_.get() + i * datagram_bytes_max_, datagram_bytes_max_};
    msghdr& header = headers_[i].msg_hdr;
    header.msg_iov = pieces_[i].data();
    header.msg_iovlen = 2;
    header.msg_control = controls_[i].bytes;
    header.msg_controllen = kControlBytes;
    header.msg_name = wants_peer ? &addresses_[i] : nullptr;
    header.msg_namelen = wants_peer ? sizeof addresses_[i] : 0;
  }
  const int pieces =
      ::recvmmsg(fd, headers_.data(), static_cast<unsigned>(slots_), MSG_DONTWAIT, nullptr);
  if (pieces > 0) adapt(pieces);
  return pieces;
}

void DatagramSlots::adapt(int pieces) noexcept {
  for (int i = 0; i < pieces; ++i) {
    const std::size_t size = headers_[static_cast<std::size_t>(i)].msg_len;
    if (size > largest_of_late_) largest_of_late_ = size;
  }
  pieces_since_largest_ += pieces;
  if (largest_of_late_ > slot_bytes_) {
    slot_bytes_ = std::min(round_up(largest_of_late_), limits::kDatagramBytesMax);
  } else if (pieces_since_largest_ >= kShrinkAfter) {
    slot_bytes_ = std::max<std::size_t>(round_up(largest_of_late_), 64);
    largest_of_late_ = 0;
    pieces_since_largest_ = 0;
  }
}

template <class T>
std::optional<T> DatagramSlots::control(int index, int level, int type) const noexcept {
  // CMSG_NXTHDR wants a pointer to a header that it does not change.
  auto* header = const_cast<msghdr*>(&headers_[static_cast<std::size_t>(index)].msg_hdr);
  for (cmsghdr* item = CMSG_FIRSTHDR(header); item != nullptr; item = CMSG_NXTHDR(header, item)) {
    if (item->cmsg_level != level || item->cmsg_type != type) continue;
    T value;
    std::memcpy(&value, CMSG_DATA(item), sizeof value);
    return value;
  }
  return std::nullopt;
}

DatagramSlots::Piece DatagramSlots::piece(int index) const noexcept {
  const auto i = static_cast<std::size_t>(index);
  const std::size_t size = headers_[i].msg_len;
  const std::size_t in_slot = std::min(size, received_slot_bytes_);
  Piece piece{.head = {static_cast<const char*>(pieces_[i][0].iov_base), in_slot},
              .overflow = {static_cast<const char*>(pieces_[i][1].iov_base), size - in_slot}};
  const std::optional<int> segment = control<int>(index, SOL_UDP, UDP_GRO);
  piece.cut = (headers_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
  if (segment && *segment > 0) piece.segment_bytes = static_cast<std::size_t>(*segment);
  return piece;
}

Peer DatagramSlots::peer(int index) const noexcept {
  const auto i = static_cast<std::size_t>(index);
  if (headers_[i].msg_hdr.msg_name == nullptr) return {};
  return Peer::from(reinterpret_cast<const sockaddr*>(&addresses_[i]));
}

std::optional<std::uint32_t> DatagramSlots::drops(int index) const noexcept {
  return control<std::uint32_t>(index, SOL_SOCKET, SO_RXQ_OVFL);
}

}  // namespace weir
