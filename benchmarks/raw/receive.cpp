// What the kernel costs: one connection, one buffer, recv(2) until the end, count the bytes.

#include "benchmarks/raw/receiver.hpp"

int main(int argc, char** argv) {
  const weir::raw::Options options = weir::raw::read_options(argc, argv);
  const auto buffer = weir::raw::make_buffer(options.buffer_bytes);
  const int connection = weir::raw::accept_one(options);
  weir::raw::Figures figures;
  while (weir::raw::receive_some(connection, buffer.get(), options.buffer_bytes, figures) > 0) {
  }
  figures.print();
}
