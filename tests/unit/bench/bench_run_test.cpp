#include "router/bench/bench_run.hpp"

#include <sys/socket.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>

#include "config/host_port.hpp"
#include "router/base/clock.hpp"
#include "router/ingest/socket_setup.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

// Runs against peers that a test plays itself.

using weir::Fd;
using weir::HostPort;
using namespace weir::bench;
using weir::test::await;
using weir::test::TempDir;

namespace {

const BenchWatcher kNobody{.progress = [](const Progress&) {}, .say = [](const std::string&) {}};

struct Listener {
  Listener() {
    auto bound = weir::bind_inet(weir::SocketKind::Stream, address, false, 0);
    REQUIRE(bound.has_value());
    socket = std::move(*bound);
  }
  std::string url() const { return "tcp://127.0.0.1:" + std::to_string(address.port); }
  Fd accept() const {
    Fd peer;
    await([&] {
      peer = Fd(::accept(socket.get(), nullptr, nullptr));
      return static_cast<bool>(peer);
    });
    return peer;
  }
  HostPort address{.host = "", .port = 0};
  Fd socket;
};

std::string read_all(int peer) {
  std::string text;
  std::string room(64 << 10, '\0');
  while (true) {
    const ssize_t count = ::recv(peer, room.data(), room.size(), 0);
    if (count <= 0) return text;
    text.append(room.data(), static_cast<std::size_t>(count));
  }
}

bool says(const BenchResult& result, const char* what) {
  for (const std::string& failure : result.failures) {
    if (failure.find(what) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a copy that comes after everything is seen, and is in no time", "[bench]") {
  const TempDir dir;
  const Listener listener;
  std::string text;
  std::atomic<bool> has_read = false;
  std::thread router([&] {
    const Fd peer = listener.accept();
    text = read_all(peer.get());
    has_read = true;
    std::ofstream(dir / "out", std::ios::app) << text << std::flush;
  });
  const auto begin = weir::steady_now();
  double seconds_until_seen = 0;
  int looks = 0;
  const BenchWatcher watcher{
      .progress =
          [&](const Progress& now) {
            if (now.seen < 50 || !has_read || ++looks > 2) return;
            if (looks == 1) {
              seconds_until_seen =
                  std::chrono::duration<double>(weir::steady_now() - begin).count();
            } else {
              std::ofstream(dir / "out", std::ios::app) << text;
            }
          },
      .say = [](const std::string&) {}};
  BenchWords words{.to = listener.url(), .collect = {dir / "out"}, .events = "50", .late = "3s"};
  const BenchResult result = run_bench(words, watcher);
  router.join();
  REQUIRE(looks >= 2);
  REQUIRE(result.verdict.has_value());
  CHECK(result.verdict->all.duplicated == 50);
  CHECK(result.verdict->all.delivered == 50);
  CHECK_FALSE(result.passed(false));
  CHECK(result.seconds <= seconds_until_seen);
}

TEST_CASE("a router that resets once it has passed on everything has failed nothing", "[bench]") {
  const TempDir dir;
  const Listener listener;
  std::atomic<bool> has_closed = false;
  std::thread router([&] {
    Fd peer = listener.accept();
    const std::string text = read_all(peer.get());
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    peer.close();
    has_closed = true;
    std::ofstream(dir / "out") << text;
  });
  const BenchResult result = run_bench({.to = listener.url(),
                                        .collect = {dir / "out"},
                                        .events = "50",
                                        .settle = "20s",
                                        .late = "10ms"},
                                       kNobody);
  router.join();
  CHECK(has_closed);
  CHECK(result.failures.empty());
  CHECK(result.passed(false));
}

TEST_CASE("without a collector a run fails where the peer does not take everything", "[bench]") {
  const Listener listener;
  BenchWords words{.to = listener.url(), .events = "100", .stall_timeout = "200ms", .late = "20s"};
  std::atomic<bool> over = false;
  std::thread router;
  const auto run = [&](const auto& with_peer) {
    router = std::thread([&] { with_peer(listener.accept()); });
    const BenchResult result = run_bench(words, kNobody);
    over = true;
    router.join();
    return result;
  };
  SECTION("because it closes") {
    const BenchResult result = run([](Fd peer) { peer.close(); });
    CHECK(says(result, "closed the connection before it took everything"));
    CHECK_FALSE(result.passed(false));
  }
  SECTION("because it does not read") {
    words.events = "3000";
    const BenchResult result = run([&](const Fd&) { await([&] { return over.load(); }); });
    // The second where the kernel has room for so many.
    CHECK((says(result, "stopped reading") || says(result, "took nothing for 200ms")));
    CHECK(result.untaken_bytes > 0);
    CHECK(result.delivered() < 3'000);
    CHECK_FALSE(result.passed(false));
  }
  SECTION("and passes where it reads, however late it closes") {
    words.late = "50ms";
    const BenchResult result = run([&](const Fd& peer) {
      read_all(peer.get());
      await([&] { return over.load(); });
    });
    CHECK(result.failures.empty());
    CHECK(result.delivered() == 100);
    CHECK(result.passed(false));
  }
}
