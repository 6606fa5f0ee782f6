// What framing costs on top of `receive`: the newlines of every read are found and counted.

#include "benchmarks/raw/newlines.hpp"
#include "benchmarks/raw/receiver.hpp"

int main(int argc, char** argv) {
  const weir::raw::Options options = weir::raw::read_options(argc, argv);
  const auto buffer = weir::raw::make_buffer(options.buffer_bytes);
  weir::raw::Newlines newlines(options.buffer_bytes);
  const int connection = weir::raw::accept_one(options);
  weir::raw::Figures figures;
  figures.events = 0;
  while (const std::size_t received =
             weir::raw::receive_some(connection, buffer.get(), options.buffer_bytes, figures)) {
    figures.events += static_cast<std::int64_t>(newlines.find(buffer.get(), 0, received).size());
  }
  figures.print();
}
