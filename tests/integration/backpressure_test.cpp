#include <signal.h>

#include <algorithm>
#include <set>

#include "tests/integration/load.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

// One sink's destination stops reading. What that means is the sink's `when_full`; that it means
// nothing for the other sink is the same every time.

namespace {

std::string tcp_to_file_and(const Server& destination, const std::string& options,
                            const std::string& shutdown_timeout = "15s") {
  return "admin: 127.0.0.1:0\n"
         "shutdown_timeout: " +
         shutdown_timeout +
         "\n"
         "sources: {in: 'tcp://127.0.0.1:0'}\n"
         "sinks:\n"
         "  file: file://${DIR}/out.ndjson\n"
         "  stalled: tcp://127.0.0.1:" +
         std::to_string(destination.port()) + "?buffer=1MiB&" + options + "\n";
}

/// The sink's buffer, the block that filled it up, and one that is in the sink's hands.
constexpr std::uint64_t kBufferBytesMax = std::uint64_t{3} << 20;

/// Enough to fill every buffer on the way: the sink's, and the kernel's two.
constexpr std::size_t kManyBytes = std::size_t{24} << 20;

/// Sends `count` events of connection 0 and waits until the file has them all.
void send_all(Router& router, std::size_t count) {
  const Socket socket = connect_tcp(router.port("in"));
  for (std::size_t i = 0; i < count; ++i) REQUIRE(socket.send(numbered_event(0, i)));
  socket.finish();
  REQUIRE(await([&] { return router.books_now().sink("file", "delivered") == count; }));
}

}  // namespace

TEST_CASE("with when_full=drop_newest a stalled sink loses the newest, and the file nothing") {
  const Server destination;
  Router router(tcp_to_file_and(destination, "when_full=drop_newest&loss_notice=false", "500ms"));
  constexpr std::size_t kCount = kManyBytes / Load::kEventBytes;
  send_all(router, kCount);
  const Books books = router.books_now();
  CHECK(books.imbalance() == 0);
  CHECK(books.dropped("stalled", "buffer_full") > 0);
  CHECK(books.dropped("file", "buffer_full") == 0);
  CHECK(books.sink("stalled", "buffer_bytes") <= kBufferBytesMax);

  // Once the destination reads again, it gets the oldest: what was there first.
  const Socket reader = destination.accept();
  CHECK(reader.receive(Load::kEventBytes) == numbered_event(0, 0));
  CHECK(router.stop() == 3);
  CHECK(router.closing_books().imbalance() == 0);
  CHECK(router.lines("out.ndjson").size() == kCount);
}

TEST_CASE("with when_full=drop_oldest a stalled sink keeps the newest") {
  const Server destination;
  Router router(tcp_to_file_and(destination, "when_full=drop_oldest&loss_notice=false"));
  constexpr std::size_t kCount = kManyBytes / Load::kEventBytes;
  send_all(router, kCount);
  const Books books = router.books_now();
  CHECK(books.imbalance() == 0);
  CHECK(books.dropped("stalled", "buffer_full") > 0);

  const Socket reader = destination.accept();
  router.process().signal(SIGTERM);
  const auto lines = lines_of(reader.receive());
  CHECK(router.process().wait() == 3);
  REQUIRE(lines.size() > 1);
  CHECK(lines.back() + "\n" == numbered_event(0, kCount - 1));
  CHECK(std::set<std::string>(lines.begin(), lines.end()).size() == lines.size());
  CHECK(router.closing_books().imbalance() == 0);
}

TEST_CASE("with when_full=block the sender waits, and in the end everything arrives in order") {
  const Server destination;
  Router router(tcp_to_file_and(destination, "when_full=block"));
  Load load(router.port("in"), 2);
  const Socket reader = destination.accept();
  REQUIRE(await([&] { return router.books_now().source("in", "pauses") > 0; }));
  // Paused means paused: no more is taken in, for many looks at the books.
  std::uint64_t received = 0;
  int looks_alike = 0;
  REQUIRE(await([&] {
    const std::uint64_t before =
        std::exchange(received, router.books_now().source("in", "received"));
    looks_alike = before == received ? looks_alike + 1 : 0;
    return looks_alike == 50;
  }));
  CHECK(router.books_now().sink("stalled", "buffer_bytes") <= kBufferBytesMax);
  CHECK(router.books_now().lost() == 0);

  std::string arrived;
  std::thread reading([&] { arrived = reader.receive(); });
  load.stop();
  CHECK(await([&] {
    const Books books = router.books_now();
    return books.source("in", "connections") == 0 &&
           books.sink("stalled", "delivered") == books.source("in", "received") &&
           books.sink("file", "delivered") == books.source("in", "received");
  }));
  CHECK(router.stop() == 0);
  reading.join();

  std::vector<std::size_t> found;
  CHECK(load.verify(lines_of(arrived), found) == "");
  std::vector<std::size_t> in_file;
  CHECK(load.verify(router.lines("out.ndjson"), in_file) == "");
  CHECK(found == in_file);
  CHECK(router.closing_books().imbalance() == 0);
}

TEST_CASE("while senders that can wait are held up, datagrams are still taken") {
  const Server destination;
  Router router(
      "admin: 127.0.0.1:0\n"
      "shutdown_timeout: 500ms\n"
      "sources: {in: 'tcp://127.0.0.1:0', datagrams: 'udp://127.0.0.1:0'}\n"
      "sinks: {stalled: 'tcp://127.0.0.1:" +
      std::to_string(destination.port()) + "?buffer=32MiB&when_full=block'}\n");
  Load load(router.port("in"), 2);
  REQUIRE(await([&] { return router.books_now().source("in", "pauses") > 0; }));
  CHECK(router.books_now().sink("stalled", "buffer_bytes") < std::uint64_t{32} << 20);

  constexpr std::uint64_t kDatagrams = 2000;
  const Socket sender = connect_udp(router.port("datagrams"));
  for (std::uint64_t i = 0; i < kDatagrams; ++i) {
    REQUIRE(sender.send(numbered_event(3, i)));
    if (i % 100 != 99) continue;
    REQUIRE(await([&] { return router.books_now().source("datagrams", "received") == i + 1; }));
  }
  const Books books = router.books_now();
  CHECK(books.source("datagrams", "pauses") == 0);
  CHECK(books.dropped("datagrams", "kernel_udp") == 0);
  CHECK(books.imbalance() == 0);
  CHECK(router.stop() == 3);
  load.stop();
  CHECK(router.closing_books().imbalance() == 0);
}

TEST_CASE("a destination that goes away and comes back gets the rest") {
  const TempDir scratch;
  const std::string path = scratch / "destination.sock";
  auto destination = std::make_unique<Server>(path);
  Router router("admin: 127.0.0.1:0\nsources: {in: 'tcp://127.0.0.1:0'}\nsinks: {out: 'unix://" +
                path + "'}\n");
  const Socket sender = connect_tcp(router.port("in"));
  REQUIRE(sender.send(numbered_event(0, 0)));
  Socket reader = destination->accept();
  REQUIRE(reader.receive(Load::kEventBytes) == numbered_event(0, 0));
  reader = Socket();
  destination.reset();
  std::filesystem::remove(path);

  // Sent into the void: the router finds the connection gone and tries again.
  for (std::size_t i = 1; i < 10; ++i) REQUIRE(sender.send(numbered_event(0, i)));
  REQUIRE(await([&] { return http_get(router.port("admin"), "/readyz").status == 503; }));
  destination = std::make_unique<Server>(path);
  reader = destination->accept();
  // At least once: what was under way when the connection broke may come again.
  std::string received;
  REQUIRE(await([&] {
    received += reader.receive(Load::kEventBytes);
    return received.find(numbered_event(0, 9)) != std::string::npos;
  }));
  CHECK(await([&] { return http_get(router.port("admin"), "/readyz").status == 200; }));
  CHECK(router.stop() == 0);
  CHECK(router.closing_books().imbalance() == 0);
}
