#include "router/bench/collect/datagram_collector.hpp"

#include <linux/sock_diag.h>

#include <cerrno>
#include <utility>

#include "router/base/clock.hpp"
#include "router/base/limits.hpp"

namespace weir::bench {
namespace {

constexpr std::size_t kSlotBytes = limits::kDatagramBytesMax + 1;

// Calls before the io_context has its turn.
constexpr int kCallsPerTurn = 64;

// What finish() reads at most: more than any buffer holds.
constexpr std::size_t kLateDatagramsMax = 4'000'000;

}  // namespace

DatagramCollector::DatagramCollector(boost::asio::io_context& io, Fd socket, std::string address,
                                     Lanes& lanes)
    : address_(std::move(address)),
      lane_(lanes.lane("udp")),
      room_(std::make_unique_for_overwrite<char[]>(kSlots * kSlotBytes)) {
  for (std::size_t i = 0; i < kSlots; ++i) {
    slots_[i] = {room_.get() + i * kSlotBytes, kSlotBytes};
    headers_[i].msg_hdr.msg_iov = &slots_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
  }
  socket_ = std::make_unique<Readiness>(io, std::move(socket), [this] { read_turn(); });
}

/// How many datagrams came.
std::size_t DatagramCollector::read_once() {
  int got = -1;
  do {
    got = ::recvmmsg(socket_->fd(), headers_.data(), kSlots, MSG_DONTWAIT, nullptr);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return 0;
  const std::int64_t now_ns = wall_clock_ns();
  for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
    lane_.record({room_.get() + i * kSlotBytes, headers_[i].msg_len}, now_ns);
  }
  return static_cast<std::size_t>(got);
}

void DatagramCollector::read_turn() {
  for (int i = 0; i < kCallsPerTurn && read_once() == kSlots; ++i) {
  }
  socket_->wait();
}

void DatagramCollector::finish() {
  if (socket_ == nullptr) return;
  std::size_t late = 0;
  for (std::size_t got = 1; got != 0 && late < kLateDatagramsMax; late += got) got = read_once();
  dropped_ = datagrams_dropped();
  socket_.reset();
  lane_.end();
}

std::uint64_t DatagramCollector::datagrams_dropped() const {
  if (socket_ == nullptr) return dropped_;
  std::array<std::uint32_t, SK_MEMINFO_VARS> numbers{};
  socklen_t bytes = sizeof numbers;
  const bool known = ::getsockopt(socket_->fd(), SOL_SOCKET, SO_MEMINFO, &numbers, &bytes) == 0;
  return known ? numbers[SK_MEMINFO_DROPS] : 0;
}

}  // namespace weir::bench
