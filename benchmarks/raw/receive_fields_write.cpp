// What a file costs on top of `receive_fields`: the whole events of every read go out with one
// write(2), from the memory that they were read into.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "benchmarks/raw/newlines.hpp"
#include "benchmarks/raw/receiver.hpp"
#include "benchmarks/raw/three_fields.hpp"

namespace {

void write_all(int file, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t written = write(file, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) weir::raw::fail("write");
    bytes += written;
    count -= static_cast<std::size_t>(written);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const weir::raw::Options options =
      weir::raw::read_options(argc, argv, weir::raw::kBufferBytesToWrite);
  if (options.file.empty()) {
    std::fprintf(stderr, "usage: %s FILE [--port N] [--buffer BYTES]\n", argv[0]);
    return 2;
  }
  const int file = open(options.file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) weir::raw::fail(options.file);
  const std::size_t size = options.buffer_bytes;
  const auto buffer = weir::raw::make_buffer(size);
  char* const block = buffer.get();
  weir::raw::Newlines newlines(size);
  weir::raw::ThreeFields fields(size);
  const int connection = weir::raw::accept_one(options);
  weir::raw::Figures figures;
  figures.events = figures.matches = figures.app_bytes = 0;
  std::size_t tail = 0;
  while (const std::size_t received =
             weir::raw::receive_some(connection, block + tail, size - tail, figures)) {
    const std::size_t filled = tail + received;
    const auto ends = newlines.find(block, tail, filled);
    fields.evaluate(block, ends, figures);
    const std::size_t whole = ends.empty() ? 0 : ends.back() + 1;
    write_all(file, block, whole);
    tail = filled - whole;
    if (whole > 0) std::memmove(block, block + whole, tail);
  }
  figures.print();
}
