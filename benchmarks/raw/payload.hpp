#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// What the load generator sends: whole events, one a line, held in memory for the whole run.

namespace weir::raw {

struct Payload {
  std::string bytes;                ///< Events, each with its newline.
  std::vector<std::size_t> starts;  ///< Offset of every event, then the size of `bytes`.

  std::size_t event_count() const { return starts.size() - 1; }

  /// The event that begins at the last start that is not beyond `offset`. Takes log(n) time.
  std::size_t event_at(std::size_t offset) const;
};

/// The whole lines of a file. Exits with 1 if it cannot be read or holds none.
Payload read_payload(const std::string& path);

/// Events of a made-up shop: 13 fields, about 400 bytes, 8 apps, about 3 % errors. The same seed
/// gives the same bytes on every machine.
Payload make_payload(std::uint64_t seed, std::size_t event_count);

/// The same events without newline, each brought to exactly `bytes_each` by its field `agent`.
/// Requires: `bytes_each` is at least kDatagramBytesMin.
Payload make_datagrams(std::uint64_t seed, std::size_t count, std::size_t bytes_each);

inline constexpr std::size_t kDatagramBytesMin = 360;

}  // namespace weir::raw
