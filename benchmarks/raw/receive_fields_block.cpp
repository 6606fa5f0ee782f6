// The same answer as `receive_fields` with one call of simdjson's first stage per block instead of
// one per event: how far the field reading itself can still be pushed.

#include <cstring>

#include "benchmarks/raw/newlines.hpp"
#include "benchmarks/raw/receiver.hpp"
#include "benchmarks/raw/three_fields_of_block.hpp"

int main(int argc, char** argv) {
  const weir::raw::Options options = weir::raw::read_options(argc, argv);
  const std::size_t size = options.buffer_bytes;
  const auto buffer = weir::raw::make_buffer(size);
  char* const block = buffer.get();
  weir::raw::Newlines newlines(size);
  weir::raw::ThreeFieldsOfBlock fields(size);
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
    tail = filled - whole;
    if (whole > 0) std::memmove(block, block + whole, tail);
  }
  figures.print();
}
