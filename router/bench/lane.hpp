#pragma once

// Lane: one ordered stream of what a router put out, as a collector reads it: a file, a connection,
// standard input, a datagram socket. Lanes opens them.
//
// Threads: the collector's one thread.

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::bench {

class Lane {
 public:
  virtual ~Lane() = default;

  /// The next bytes of a stream of lines, however they were cut. `received_ns`: since the epoch.
  virtual void bytes(std::string_view bytes, std::int64_t received_ns) = 0;

  /// One whole record: a datagram of one line or of several; the last may lack its newline.
  virtual void record(std::string_view bytes, std::int64_t received_ns) = 0;

  /// Nothing more comes. A last line without a newline is taken as it is.
  virtual void end() = 0;
};

class Lanes {
 public:
  virtual ~Lanes() = default;

  /// The lane of that name, made at the first call; lives as long as this object. A file keeps its
  /// lane when it is rotated.
  virtual Lane& lane(const std::string& name) = 0;
};

}  // namespace weir::bench
