// The load generator over HTTP: see http_load.hpp. Ends with one line of JSON.
//
//   raw_http_send HOST:PORT [--payload FILE | --seed N] --seconds S [--connections N]
//                 [--body BYTES] [--requests N]
//
// --body 0 sends one event a request. --requests ends it behind so many, --seconds in any case.

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "benchmarks/raw/arguments.hpp"
#include "benchmarks/raw/http_load.hpp"

namespace {

using weir::raw::HttpLoadOptions;
using weir::raw::read_number;

constexpr std::size_t kConnectionsMax = 1024;
constexpr std::size_t kBodyBytesMax = 8 << 20;

[[noreturn]] void print_usage() {
  std::fputs(
      "usage: raw_http_send HOST:PORT [--payload FILE | --seed N] --seconds S [--connections N]"
      " [--body BYTES] [--requests N]\n",
      stderr);
  std::exit(2);
}

HttpLoadOptions read_options(int argc, char** argv) {
  if (argc < 2) print_usage();
  HttpLoadOptions options;
  options.host = argv[1];
  options.address = weir::raw::read_address(options.host);
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view word = argv[i];
    if (word == "--payload") {
      options.payload_file = argv[i + 1];
      continue;
    }
    const std::uint64_t number = read_number(argv[i + 1]);
    if (word == "--seed") {
      options.seed = number;
    } else if (word == "--seconds") {
      options.seconds = number;
    } else if (word == "--requests") {
      options.requests = number;
    } else if (word == "--connections" && number > 0 && number <= kConnectionsMax) {
      options.connections = number;
    } else if (word == "--body" && number <= kBodyBytesMax) {
      options.body_bytes = number;
    } else {
      print_usage();
    }
  }
  if (argc % 2 != 0 || options.seconds == 0) print_usage();
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const HttpLoadOptions options = read_options(argc, argv);
  const auto requests = weir::raw::make_requests(options);
  weir::raw::HttpLoad load(options, requests);
  load.run();
  load.print();
}
