#pragma once

// EventMaker: made-up requests of a web shop: the same 13 fields as an access log has, or plain
// sentences. Where an event is to be smaller it has fewer fields; where larger, a longer message.
//
// Threads: one.

#include <cstddef>
#include <cstdint>
#include <string>

#include "router/bench/mix.hpp"

namespace weir::bench {

class EventMaker {
 public:
  explicit EventMaker(std::uint64_t seed) noexcept : random_(seed) {}

  /// A JSON object of exactly `bytes`. Requires: bytes >= kJsonBytesMin.
  std::string json(std::size_t bytes);
  static constexpr std::size_t kJsonBytesMin = 14;

  /// Words, exactly `bytes` long.
  std::string text(std::size_t bytes);

  /// The header of a syslog message: `<PRI>1 TIME HOST APP PID - - ` (RFC 5424), or
  /// `<PRI>TIME HOST APP[PID]: ` (RFC 3164).
  std::string header_5424();
  std::string header_3164();

  std::size_t between(std::size_t low, std::size_t high) noexcept {
    return low + random_.next() % (high - low + 1);
  }

 private:
  Random random_;
  std::uint32_t made_ = 0;
};

}  // namespace weir::bench
