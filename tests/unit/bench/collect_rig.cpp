#include "tests/unit/bench/collect_rig.hpp"

#include <charconv>
#include <fstream>

namespace weir::bench {

void RecordingLane::bytes(std::string_view bytes, std::int64_t received_ns) {
  text += bytes;
  if (first_ns == 0) first_ns = received_ns;
  last_ns = received_ns;
  if (ends > 0) ++calls_after_end;
}

void RecordingLane::record(std::string_view bytes, std::int64_t received_ns) {
  records.emplace_back(bytes);
  if (first_ns == 0) first_ns = received_ns;
  last_ns = received_ns;
  if (ends > 0) ++calls_after_end;
}

void RecordingLane::end() { ++ends; }

Rig::Rig(const std::string& url) : collector_(make_collector(io_, url, lanes_)) {
  collector_->start();
}

void Rig::settle() {
  constexpr std::chrono::milliseconds kTwoLooks{120};
  const auto end = std::chrono::steady_clock::now() + kTwoLooks;
  io_.restart();
  io_.run_until(end);
}

std::uint16_t Rig::port() const {
  const std::string address = collector_->address();
  const std::size_t colon = address.rfind(':');
  std::uint16_t port = 0;
  std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  return port;
}

std::string numbered_lines(std::string_view name, int from, int to) {
  std::string lines;
  for (int i = from; i < to; ++i) lines += std::string(name) + " " + std::to_string(i) + "\n";
  return lines;
}

void append(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::app) << text;
}

}  // namespace weir::bench
