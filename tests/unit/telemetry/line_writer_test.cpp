#include "router/telemetry/line_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <thread>

#include "tests/support/catch.hpp"

using weir::LineWriter;
using namespace std::chrono_literals;

namespace {

struct Pipe {
  Pipe() { REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0); }
  ~Pipe() {
    close_reader();
    ::close(ends[1]);
  }
  void close_reader() {
    if (ends[0] >= 0) ::close(ends[0]);
    ends[0] = -1;
  }
  std::string read_some() {
    std::array<char, 65536> bytes;
    const ssize_t count = ::read(ends[0], bytes.data(), bytes.size());
    return {bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  }
  std::array<int, 2> ends{-1, -1};
};

}  // namespace

TEST_CASE("a line goes out whole", "[telemetry]") {
  Pipe pipe;
  LineWriter writer(pipe.ends[1]);
  CHECK(writer.write("one line\n", 0ms));
  CHECK(pipe.read_some() == "one line\n");
  CHECK_FALSE(writer.is_terminal());
}

TEST_CASE("a pipe that nobody reads costs lines, not time", "[telemetry]") {
  Pipe pipe;
  LineWriter writer(pipe.ends[1]);
  const std::string line = std::string(LineWriter::kLineBytesMax - 1, 'x') + '\n';
  int written = 0;
  while (written < 1000 && writer.write(line, 0ms)) ++written;
  CHECK(written > 0);
  CHECK(written < 1000);
  CHECK_FALSE(writer.write(line, 0ms));
  CHECK(writer.take_lost() == 2);
  CHECK(writer.take_lost() == 0);

  // Whole lines only, and room again once they were read.
  for (int left = written * static_cast<int>(line.size()); left > 0;) {
    left -= static_cast<int>(pipe.read_some().size());
    REQUIRE(left >= 0);
  }
  CHECK(writer.write("again\n", 0ms));
  CHECK(pipe.read_some() == "again\n");
}

TEST_CASE("a long line waits for its reader, as long as patience lasts", "[telemetry]") {
  Pipe pipe;
  LineWriter writer(pipe.ends[1]);
  const std::string line = std::string(1'000'000, 'x') + '\n';
  std::string read;
  std::thread reader([&] {
    while (read.size() < line.size()) read += pipe.read_some();
  });
  CHECK(writer.write(line, 30s));
  reader.join();
  CHECK(read == line);
}

TEST_CASE("a reader that is gone is no error", "[telemetry]") {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.close_reader();
  LineWriter writer(pipe.ends[1]);
  CHECK_FALSE(writer.write("nobody\n", 1s));
  CHECK(writer.take_lost() == 1);
  std::signal(SIGPIPE, before);
}
