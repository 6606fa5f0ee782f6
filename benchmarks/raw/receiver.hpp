#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "benchmarks/raw/arguments.hpp"

// What all receiving programs of this folder share: one listening socket, one buffer, one closing
// line of figures. Nothing here runs per event. Everything belongs to the one thread of the
// program. Failures end the program with exit code 1 and a line on stderr: there is nobody to hand
// them to.

namespace weir::raw {

/// Bytes past the end of a buffer that simdjson may read (SIMDJSON_PADDING), and a vector more.
inline constexpr std::size_t kBufferPaddingBytes = 128;

/// Fastest of 32 KiB..2 MiB for a program that only reads: the block is still in the L1 and L2
/// caches when it is looked at.
inline constexpr std::size_t kBufferBytesToRead = 64 * 1024;

/// Fastest for one that also writes: fewer reads open the window less often and wake the sender
/// less often.
inline constexpr std::size_t kBufferBytesToWrite = 1024 * 1024;

struct Options {
  std::uint16_t port = 0;  ///< 0 lets the kernel choose.
  std::size_t buffer_bytes = kBufferBytesToRead;
  bool gro = false;
  std::string file;  ///< The first argument that is not an option.
};

/// Reads `[FILE] [--port N] [--buffer BYTES] [--gro]`; exits with 2 on anything else.
Options read_options(int argc, char** argv, std::size_t buffer_bytes_default = kBufferBytesToRead);

/// Binds 127.0.0.1:PORT and prints `port N`. Returns the descriptor, which lives until exit.
int open_port(int type, std::uint16_t port);

/// Waits on `open_port` for one TCP connection.
int accept_one(const Options& options);

using Buffer = std::unique_ptr<char[], void (*)(void*)>;

/// Page-aligned and padded memory whose pages are touched before the first byte arrives.
Buffer make_buffer(std::size_t bytes);

/// Figures of one run; prints them as one JSON line. Fields that stayed negative are left out.
struct Figures {
  std::int64_t bytes = 0;
  std::int64_t events = -1;
  std::int64_t matches = -1;
  std::int64_t app_bytes = -1;  ///< Sum of the lengths of `app`: proof that it was read.
  std::int64_t datagrams = -1;
  std::int64_t dropped_by_kernel = -1;
  std::int64_t reads = 0;
  std::int64_t started_ns = 0;  ///< At the first byte.
  std::int64_t ended_ns = 0;

  /// Call after the first read that brought something.
  void start();
  /// The last call counts; `print` stops the clock where nobody did.
  void stop();
  /// Reads getrusage and prints.
  void print();
};

/// recv(2) that repeats on EINTR and starts the clock on the first bytes; 0 at the end.
/// Fails on `bytes_max` 0: then an event is longer than the buffer.
std::size_t receive_some(int connection, char* to, std::size_t bytes_max, Figures& figures);

}  // namespace weir::raw
