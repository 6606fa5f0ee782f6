// A router that is started while its predecessor still has what only one may use under data_dir.

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/xattr.h>

#include <filesystem>

#include "router/ingest/socket_setup.hpp"
#include "tests/integration/load.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

namespace {

constexpr const char* kWaits = "waiting for its end";

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
  return count;
}

/// What two routers use after one another.
class Place {
 public:
  Place() {
    auto bound = weir::bind_inet(weir::SocketKind::Stream, address_, false, 1 << 20);
    REQUIRE(bound.has_value());
    socket_ = std::move(*bound);
  }

  /// As a supervisor starts it.
  Router::Options passing(bool await_ready) const {
    return {.environment = {{"LISTEN_FDS", "1"}, {"LISTEN_FDNAMES", "in"}},
            .wrapper = {"sh", "-c", R"(exec 3<&0 </dev/null; LISTEN_PID=$$ exec "$@")", "sh"},
            .stdin_descriptor = socket_.get(),
            .await_ready = await_ready};
  }
  std::string yaml(const std::string& scheme, const std::string& more = "") const {
    return more + "data_dir: " + (files_ / "data") + "\nsources: {in: '" + scheme +
           "://127.0.0.1:0'}\nsinks: {out: 'file://" + (files_ / "out.ndjson") + "'}\n";
  }
  std::uint16_t port() const { return address_.port; }
  const TempDir& files() const { return files_; }

 private:
  TempDir files_;
  weir::HostPort address_{.host = "127.0.0.1", .port = 0};
  weir::Fd socket_;
};

bool awaits_a_wait(Router& router) {
  return await([&] { return times(router.process().stderr_text(), kWaits) != 0; });
}

std::string ask(const std::string& control_socket, const std::string& page) {
  const Socket socket = await_unix(control_socket);
  REQUIRE(socket.send("GET " + page + " HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n"));
  return socket.receive();
}

void take_over(const std::string& scheme, const std::string& directory, const auto& send) {
  const Place place;
  Router first(place.yaml(scheme, "admin: 127.0.0.1:0\n"), place.passing(true));
  send(place.port());
  const auto has = [&](std::size_t events) {
    return await([&] { return lines_of(place.files().read("out.ndjson")).size() == events; });
  };
  REQUIRE(has(1));
  const std::uint16_t admin = first.port("admin");
  first.process().signal(SIGSTOP);  // As long as it takes.
  Router second(place.yaml(scheme, "admin: 127.0.0.1:" + std::to_string(admin) + "\n"),
                place.passing(false));
  REQUIRE(awaits_a_wait(second));
  CHECK_FALSE(second.ready());

  first.process().signal(SIGTERM);
  first.process().signal(SIGCONT);
  REQUIRE(await([&] { return second.ready(); }));
  CHECK(first.process().wait() == 0);
  send(place.port());
  CHECK(has(2));
  CHECK(second.port("admin") == admin);
  CHECK(second.stop() == 0);
  CHECK(second.closing_books().source("in", "received") == 1);
  const std::string log = second.process().stderr_text();
  INFO(log);
  CHECK(times(log, kWaits) == 1);
  CHECK(times(log, place.files() / directory) >= 1);
  CHECK(times(log, "\"pid\":" + std::to_string(first.process().pid())) == 1);
}

/// Whether the sink that writes it syncs before it confirms.
bool is_synced(const std::string& file) {
  return ::getxattr(file.c_str(), "user.weir.log", nullptr, 0) >= 0;
}

bool has_attributes(const TempDir& files) {
  files.write("probe", "");
  return ::setxattr((files / "probe").c_str(), "user.weir.test", "1", 1, 0) == 0;
}

bool has_segments(const std::string& spool) {
  for (const auto& file : std::filesystem::directory_iterator(spool)) {
    if (file.path().extension() == ".seg") return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a router waits until its predecessor has given the spool back, and takes over") {
  take_over("tcp", "data/spool/out",
            [](std::uint16_t port) { REQUIRE(connect_tcp(port).send(numbered_event(0, 0))); });
}

TEST_CASE("a router waits for the keys of a source, which its predecessor has until it is gone") {
  take_over("http", "data/",
            [](std::uint16_t port) { CHECK(HttpClient(port).post("{}\n").status == 200); });
}

TEST_CASE("a router that waits is alive and not ready, and SIGTERM ends it cleanly") {
  const Place place;
  Router first(place.yaml("tcp"), place.passing(true));
  Router second(place.yaml("tcp"), place.passing(false));
  REQUIRE(awaits_a_wait(second));
  CHECK(times(ask(second.control_socket(), "/livez"), "200 OK") == 1);
  const std::string answer = ask(second.control_socket(), "/readyz");
  INFO(answer);
  CHECK(times(answer, "503") == 1);
  CHECK(times(answer, "another process still has " + (place.files() / "data/spool/out")) == 1);

  CHECK(second.stop() == 0);
  CHECK_FALSE(second.ready());
  CHECK(second.closing_books().lost() == 0);
  REQUIRE(connect_tcp(place.port()).send(numbered_event(0, 0)));
  CHECK(await([&] { return lines_of(place.files().read("out.ndjson")).size() == 1; }));
  CHECK(first.stop() == 0);
}

TEST_CASE("a reload that is asked for while a router waits comes once it has started") {
  const Place place;
  auto first = std::make_unique<Router>(place.yaml("tcp"), place.passing(true));
  Router second(place.yaml("tcp"), place.passing(false));
  REQUIRE(awaits_a_wait(second));
  second.reload(place.yaml("tcp"));
  CHECK(first->stop() == 0);
  CHECK(await([&] { return times(second.process().stderr_text(), "is in force") == 1; }));
  CHECK(second.stop() == 0);
}

TEST_CASE("a router that waits in vain says who has its spool, and ends with 2") {
  const Place place;
  const Router first(place.yaml("tcp"), place.passing(true));
  Router second(place.yaml("tcp", "shutdown_timeout: 1ms\n"), place.passing(false));
  CHECK(second.process().wait() == 2);
  const std::string log = second.process().stderr_text();
  INFO(log);
  CHECK(times(log, kWaits) == 1);
  CHECK(times(log, "cannot use its spool: another process has it") == 1);
}

TEST_CASE("what a predecessor promises while a router waits for it is synced by that") {
  const TempDir files;
  if (!has_attributes(files)) return;
  files.write("closed", "");  // No directory, so that nothing is delivered below.
  const auto yaml = [&](const std::string& source, const std::string& sink) {
    return "data_dir: " + (files / "data") + "\nsources: {in: '" + source +
           "'}\nsinks: {out: 'file://" + (files / sink) + "'}\n";
  };
  Router first(yaml("http://127.0.0.1:0?ack=durable", "closed/out"));
  Router second(yaml("tcp://127.0.0.1:0", "out"), {.await_ready = false});
  REQUIRE(awaits_a_wait(second));
  REQUIRE_FALSE(has_segments(files / "data/spool/out"));
  CHECK(HttpClient(first.port("in")).post("{}\n").status == 200);
  CHECK(first.stop() == 0);

  CHECK(await([&] { return files.read("out") == "{}\n"; }));
  CHECK(is_synced(files / "out"));
  CHECK(second.stop() == 0);
}
