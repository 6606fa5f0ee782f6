#pragma once

// RotatedName: what a log file is called once it is full: NAME@20261121T213942.123Z, and with .gz
// or .zst behind it once it is compressed. '@' never comes out of an event's value (template.hpp),
// so no event can name a file that rotation would take for its own.
//
// Pure functions; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/file/options.hpp"

namespace weir::file {

inline constexpr char kRotationMark = '@';
inline constexpr std::string_view kPartialSuffix = ".partial";

struct RotatedName {
  std::string stamp;  ///< "20261121T213942.123Z": sorts as time does.
  Compression compression = Compression::None;
  bool partial = false;  ///< A compression that did not end.

  /// What `entry` is to the log file `name`; nothing if it is not one of its rotated files.
  static std::optional<RotatedName> parse(std::string_view entry, std::string_view name);
};

/// UTC, to the millisecond.
std::string rotation_stamp(std::int64_t time_ns);

/// "", ".gz", ".zst".
std::string_view suffix_of(Compression compression) noexcept;

}  // namespace weir::file
