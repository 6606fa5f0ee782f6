#include "tests/integration/faulty_proxy.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <system_error>
#include <utility>
#include <vector>

namespace weir::test {
namespace {

constexpr int kPollMilliseconds = 5;
constexpr std::size_t kMessageBytesMax = 64 << 20;
constexpr std::size_t kQueuedBytesMax = 1 << 20;
constexpr double kPatienceGrowth = 1.1;

void reset(Socket& socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket = Socket();
}

/// False where the connection has ended.
bool read_some(const Socket& from, std::string& to) {
  std::array<char, 16384> bytes;
  const ssize_t size = ::recv(from.descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (size > 0) to.append(bytes.data(), static_cast<std::size_t>(size));
  return size > 0 || (size < 0 && errno == EAGAIN);
}

bool write_some(const Socket& to, std::string& from) {
  if (from.empty()) return true;
  const ssize_t size =
      ::send(to.descriptor(), from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (size > 0) from.erase(0, static_cast<std::size_t>(size));
  return size > 0 || errno == EAGAIN;
}

}  // namespace

FaultyProxy::FaultyProxy(std::uint16_t to, const Faults& faults)
    : faults_(faults), to_(to), thread_([this] { run(); }) {}

FaultyProxy::~FaultyProxy() {
  stopping_ = true;
  thread_.join();
}

void FaultyProxy::lead_to(std::uint16_t to) {
  to_ = to;
  ++generation_;
}

void FaultyProxy::run() {
  while (!stopping_) {
    if (const std::uint64_t now = generation_; now != std::exchange(generation_seen_, now)) {
      for (Link& link : links_) {
        reset(link.client);
        reset(link.server);
      }
      links_.clear();
    }
    std::vector<pollfd> wanted = {{listener_.descriptor(), POLLIN, 0}};
    for (const Link& link : links_) {
      const bool takes = link.to_server.size() < kQueuedBytesMax && !is_stalled_;
      wanted.push_back({link.client.descriptor(), static_cast<short>(takes ? POLLIN : 0), 0});
      wanted.push_back({link.server.descriptor(), POLLIN, 0});
      if (!link.to_server.empty() && !is_stalled_) wanted.back().events |= POLLOUT;
    }
    ::poll(wanted.data(), wanted.size(), kPollMilliseconds);
    if ((wanted[0].revents & POLLIN) != 0) accept_one();
    if (is_stalled_) continue;
    std::erase_if(links_, [this](Link& link) { return !pass(link); });
  }
}

void FaultyProxy::accept_one() {
  Socket client(::accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
  const std::uint16_t to = to_;
  if (to == 0) return reset(client);
  try {
    links_.push_back({.client = std::move(client),
                      .server = connect_tcp(to),
                      .to_server = {},
                      .to_client = {},
                      .held = {},
                      .walker = {}});
  } catch (const std::system_error&) {
    return reset(client);  // Nobody listens there at present.
  }
  ++connections_made_;
  patience_ *= kPatienceGrowth;
  const auto some = [this](std::size_t every) {
    const std::size_t bytes = every / 2 + random_() % every;
    return static_cast<std::size_t>(patience_ * static_cast<double>(bytes));
  };
  Link& link = links_.back();
  if (faults_.reset_every_bytes != 0) link.reset_at = some(faults_.reset_every_bytes);
  if (faults_.turn_bit_every_bytes != 0) link.next_turn = some(faults_.turn_bit_every_bytes);
}

/// False where the link is over.
bool FaultyProxy::pass(Link& link) {
  std::string fresh;
  bool is_open = true;
  if (link.to_server.size() < kQueuedBytesMax) is_open = read_some(link.client, fresh);
  take_from_client(link, fresh);
  is_open = read_some(link.server, link.to_client) && is_open;
  is_open = write_some(link.server, link.to_server) && is_open;
  is_open = write_some(link.client, link.to_client) && is_open;
  const bool is_over = link.reset_at != 0 && link.passed >= link.reset_at;
  if (is_over) ++faults_made_;
  if (is_open && !is_over) return true;
  reset(link.client);
  reset(link.server);
  return false;
}

void FaultyProxy::take_from_client(Link& link, std::string_view bytes) {
  if (bytes.empty()) return;
  std::string taken(bytes);
  if (link.next_turn != 0 && link.passed + taken.size() > link.next_turn) {
    taken[link.next_turn - link.passed] ^= 0x10;
    link.next_turn = SIZE_MAX;
    ++faults_made_;
  }
  link.passed += taken.size();
  if (faults_.stall_at_bytes != 0 && link.passed >= faults_.stall_at_bytes &&
      !std::exchange(has_stalled_, true)) {
    is_stalled_ = true;
    ++faults_made_;
  }
  if (!faults_.repeats_messages) {
    link.to_server += taken;
    return;
  }
  link.held += taken;
  while (link.walker.walk(link.held, kMessageBytesMax) == msgpack::Walker::State::Complete) {
    const std::string message = link.held.substr(0, link.walker.end());
    link.to_server += message + message;
    link.held.erase(0, message.size());
    link.walker.reset();
    ++faults_made_;
  }
}

}  // namespace weir::test
