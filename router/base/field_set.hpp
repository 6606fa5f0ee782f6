#pragma once

// FieldPath names a field; FieldSet is the list of all fields that any route, template, label or
// key of a configuration mentions. The decoder reads just those, in one pass, into a row of Values:
// row[slot] is the field whose add() returned `slot`.
//
// A FieldSet is filled while a configuration is compiled and never changes afterwards; then any
// thread may read it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// What weir itself knows of an event. `_source` in a condition; an event's own field of that name
/// is `event["_source"]`.
enum class Metadata : std::uint8_t {
  None,       ///< Not metadata: a field of the event.
  Source,     ///< `_source`: the source's name. A string.
  Peer,       ///< `_peer`: who sent it: "192.0.2.7:51234", "[2001:db8::1]:514", "pid 42". A string.
  Received,   ///< `_received`: wall-clock arrival in seconds since the epoch. A double.
  Format,     ///< `_format`: "json", "text" or "malformed". A string.
  Truncated,  ///< `_truncated`: true if the event was cut at max_event_bytes. A bool.
};

/// "_source" -> Source, ...; None for a name that is not metadata.
Metadata metadata_of(std::string_view name) noexcept;

struct FieldPath {
  std::vector<std::string> keys;  ///< From the top level down: {"http", "status"}. Never empty,
                                  ///< but for metadata.
  Metadata metadata = Metadata::None;

  static FieldPath of(Metadata metadata) { return {.keys = {}, .metadata = metadata}; }
  friend bool operator==(const FieldPath&, const FieldPath&) = default;
};

/// As a condition would write it: `http.status`, `labels["a-b"]`, `_source`.
std::string to_string(const FieldPath& path);

using Slot = std::uint16_t;

class FieldSet {
 public:
  /// The slot of `path`, the same for the same path. Throws std::length_error above
  /// limits::kFieldsMax.
  Slot add(const FieldPath& path);

  std::size_t size() const noexcept { return paths_.size(); }
  bool empty() const noexcept { return paths_.empty(); }
  std::span<const FieldPath> paths() const noexcept { return paths_; }

 private:
  std::vector<FieldPath> paths_;
};

}  // namespace weir
