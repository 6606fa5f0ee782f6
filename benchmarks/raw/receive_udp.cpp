// What the kernel costs on UDP: recvmmsg(2), with --gro whole trains of datagrams per call. Counts
// datagrams, bytes and what the kernel dropped for want of room (SO_RXQ_OVFL). Ends on a datagram
// that says END, or on a second of silence after the first datagram.

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "benchmarks/raw/receiver.hpp"

namespace {

// 16 to 256 datagrams a call measured the same, 1,024 a tenth worse. 1 to 16 trains did, too; 64
// were a quarter worse: their room of 4 MiB is more than the L2 cache.
constexpr std::size_t kSlots = 64;
constexpr std::size_t kTrainSlots = 16;
constexpr std::size_t kPlainBytesMax = 2048;
constexpr std::size_t kTrainBytesMax = 65536;
constexpr int kSocketBytes = 4 * 1024 * 1024;  // The kernel cuts it down to net.core.rmem_max.
constexpr std::string_view kEnd = "END";

using Control = std::array<char, 64>;

/// The room for one call, of datagrams or trains, each with room for two control words.
class Slots {
 public:
  explicit Slots(bool gro)
      : slots_(gro ? kTrainSlots : kSlots),
        // The drop counter only grows, so the first slot's is enough; a train's length is needed
        // of each. A control word costs some ten nanoseconds.
        controlled_(gro ? slots_ : 1),
        memory_(weir::raw::make_buffer(slots_ * (gro ? kTrainBytesMax : kPlainBytesMax))) {
    const std::size_t bytes_each = gro ? kTrainBytesMax : kPlainBytesMax;
    for (std::size_t i = 0; i < slots_; ++i) {
      parts_[i] = {memory_.get() + i * bytes_each, bytes_each};
      headers_[i].msg_hdr.msg_iov = &parts_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  /// The number of slots filled, or -1. Waits for the first datagram only.
  int receive(int socket) {
    for (std::size_t i = 0; i < controlled_; ++i) {
      headers_[i].msg_hdr.msg_control = controls_[i].data();
      headers_[i].msg_hdr.msg_controllen = controls_[i].size();
    }
    return recvmmsg(socket, headers_.data(), static_cast<unsigned>(slots_), MSG_WAITFORONE,
                    nullptr);
  }

  mmsghdr& operator[](std::size_t slot) { return headers_[slot]; }
  bool is_end(std::size_t slot) const {
    return headers_[slot].msg_len == kEnd.size() &&
           std::memcmp(parts_[slot].iov_base, kEnd.data(), kEnd.size()) == 0;
  }

 private:
  std::size_t slots_;
  std::size_t controlled_;  ///< The first so many slots get room for control words.
  weir::raw::Buffer memory_;
  std::array<iovec, kSlots> parts_{};
  std::array<mmsghdr, kSlots> headers_{};
  std::array<Control, kSlots> controls_{};
};

/// Reads the control words: the drop counter into `figures`; returns the datagrams in the slot.
std::int64_t datagrams_of(mmsghdr& header, weir::raw::Figures& figures) {
  const unsigned bytes = header.msg_len;
  int segment_bytes = 0;
  for (cmsghdr* word = CMSG_FIRSTHDR(&header.msg_hdr); word != nullptr;
       word = CMSG_NXTHDR(&header.msg_hdr, word)) {
    if (word->cmsg_level == SOL_UDP && word->cmsg_type == UDP_GRO) {
      std::memcpy(&segment_bytes, CMSG_DATA(word), sizeof segment_bytes);
    } else if (word->cmsg_level == SOL_SOCKET && word->cmsg_type == SO_RXQ_OVFL) {
      std::uint32_t dropped = 0;
      std::memcpy(&dropped, CMSG_DATA(word), sizeof dropped);
      figures.dropped_by_kernel = dropped;
    }
  }
  if (segment_bytes <= 0) return 1;
  return (bytes + static_cast<unsigned>(segment_bytes) - 1) / static_cast<unsigned>(segment_bytes);
}

void set_option(int socket, int level, int name, const void* value, socklen_t size) {
  if (setsockopt(socket, level, name, value, size) != 0) weir::raw::fail("setsockopt");
}

int open_socket(const weir::raw::Options& options) {
  const int socket = weir::raw::open_port(SOCK_DGRAM, options.port);
  const int on = 1;
  set_option(socket, SOL_SOCKET, SO_RCVBUF, &kSocketBytes, sizeof kSocketBytes);
  set_option(socket, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  if (options.gro) set_option(socket, SOL_UDP, UDP_GRO, &on, sizeof on);
  return socket;
}

}  // namespace

int main(int argc, char** argv) {
  const weir::raw::Options options = weir::raw::read_options(argc, argv);
  Slots slots(options.gro);
  const int socket = open_socket(options);
  weir::raw::Figures figures;
  figures.datagrams = figures.dropped_by_kernel = 0;
  for (bool ended = false; !ended;) {
    const int filled = slots.receive(socket);
    if (filled < 0 && errno == EINTR) continue;
    if (filled < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;  // Silence.
    if (filled < 0) weir::raw::fail("recvmmsg");
    if (figures.reads++ == 0) {
      figures.start();
      const timeval silence{1, 0};
      set_option(socket, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    }
    for (std::size_t slot = 0; slot < static_cast<std::size_t>(filled) && !ended; ++slot) {
      const std::int64_t datagrams = datagrams_of(slots[slot], figures);
      ended = slots.is_end(slot);
      if (ended) break;
      figures.datagrams += datagrams;
      figures.bytes += slots[slot].msg_len;
    }
    if (!ended) figures.stop();
  }
  figures.print();
}
