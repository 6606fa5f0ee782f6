#include "tests/integration/load.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <numeric>

#include "tests/support/await.hpp"

namespace weir::test {
namespace {

// Where the numbers of an event stand: {"connection":"02","sequence":"0000000017",
constexpr std::size_t kConnectionAt = 15;

std::size_t number_at(std::string_view line, std::size_t offset, std::size_t digits) {
  std::size_t number = SIZE_MAX;
  std::from_chars(line.data() + offset, line.data() + offset + digits, number);
  return number;
}

}  // namespace

std::string numbered_event(std::size_t connection, std::size_t sequence) {
  std::array<char, 96> head{};
  const int size =
      std::snprintf(head.data(), head.size(),
                    R"({"connection":"%02zu","sequence":"%010zu","level":"%s","rest":")",
                    connection, sequence, sequence % 10 == 0 ? "error" : "info");
  std::string event(head.data(), static_cast<std::size_t>(size));
  event.append(Load::kEventBytes - event.size() - 3, '.');
  return event + "\"}\n";
}

Load::Load(std::uint16_t port, std::size_t connections, std::size_t bytes_max)
    : bytes_max_(bytes_max) {
  for (std::size_t i = 0; i < connections; ++i) senders_.emplace_back().socket = connect_tcp(port);
  for (std::size_t i = 0; i < connections; ++i) {
    Sender& sender = senders_[i];
    sender.thread = std::thread([this, &sender, i] { send_events(sender, i); });
  }
}

void Load::send_events(Sender& sender, std::size_t connection) const {
  constexpr std::size_t kEventsPerRound = 100;
  constexpr std::size_t kPieceBytes = 1000;  // No multiple of an event: reads end inside of them.
  std::string bytes;
  const std::size_t events_max = bytes_max_ / kEventBytes;
  for (std::size_t sequence = 0; !stopping_ && sequence < events_max;) {
    bytes.clear();
    const std::size_t end = std::min(events_max, sequence + kEventsPerRound);
    for (; sequence < end; ++sequence) bytes += numbered_event(connection, sequence);
    for (std::string_view rest = bytes; !rest.empty();) {
      const std::string_view piece = rest.substr(0, kPieceBytes);
      if (!sender.socket.send(piece)) return;
      sender.bytes_sent += piece.size();
      rest.remove_prefix(piece.size());
    }
    // A steady load of a dozen megabytes a second, not a flood of gigabytes to be verified.
    await([this] { return stopping_.load(); }, std::chrono::milliseconds(1));
  }
}

std::vector<std::size_t> Load::accepted() const {
  std::vector<std::size_t> events;
  for (const Sender& sender : senders_) {
    // In this order: what is sent in between makes the result smaller, never too large.
    const std::size_t sent = sender.bytes_sent;
    const std::size_t on_the_way = sender.socket.bytes_unacknowledged();
    events.push_back(on_the_way < sent ? (sent - on_the_way) / kEventBytes : 0);
  }
  return events;
}

std::size_t Load::accepted_total() const {
  const auto events = accepted();
  return std::accumulate(events.begin(), events.end(), std::size_t{0});
}

void Load::stop() {
  stopping_ = true;
  for (Sender& sender : senders_) {
    if (sender.thread.joinable()) sender.thread.join();
    sender.socket.finish();
  }
}

std::string Load::verify(const std::vector<std::string>& lines,
                         std::vector<std::size_t>& found) const {
  found.assign(senders_.size(), 0);
  for (const std::string& line : lines) {
    if (line.size() != kEventBytes - 1) return "torn: " + line;
    const std::size_t connection = number_at(line, kConnectionAt, 2);
    if (connection >= found.size()) return "garbled: " + line;
    // The next in order, or else one is missing, or there for the second time.
    if (line + "\n" != numbered_event(connection, found[connection])) {
      return "event " + std::to_string(found[connection]) + " expected, found " + line;
    }
    ++found[connection];
  }
  return "";
}

}  // namespace weir::test
