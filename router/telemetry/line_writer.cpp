#include "router/telemetry/line_writer.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace weir {

bool LineWriter::write(std::string_view line, std::chrono::milliseconds patience) noexcept {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!line.empty()) {
    if (!wait_for_room(deadline)) {
      ++lost_;
      return false;
    }
    const ssize_t written = ::write(fd_, line.data(), std::min(line.size(), kLineBytesMax));
    if (written >= 0) {
      line.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      ++lost_;
      return false;
    }
  }
  return true;
}

bool LineWriter::wait_for_room(std::chrono::steady_clock::time_point deadline) const noexcept {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd room{.fd = fd_, .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&room, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) return (room.revents & POLLOUT) != 0;
    if (ready == 0 || errno != EINTR) return false;
  }
}

std::uint64_t LineWriter::take_lost() noexcept { return std::exchange(lost_, 0); }

bool LineWriter::is_terminal() const noexcept { return ::isatty(fd_) == 1; }

}  // namespace weir
