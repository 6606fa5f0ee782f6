#include "router/main/ledger_command.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <sstream>

#include "router/main/control_client.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/telemetry/admin_fixture.hpp"

using namespace std::chrono_literals;
using weir::test::AdminFixture;

TEST_CASE("ledger prints the balance for people or as JSON", "[telemetry]") {
  AdminFixture admin;
  std::ostringstream out;
  std::ostringstream errors;
  CHECK(weir::ledger_command({.control_socket = admin.control_socket()}, out, errors) == 0);
  CHECK(out.str().find("balanced: every event is accounted for") != std::string::npos);

  out.str("");
  CHECK(weir::ledger_command({.control_socket = admin.control_socket(), .json = true}, out,
                             errors) == 0);
  CHECK(boost::json::parse(out.str()).at("balanced").as_bool());
  CHECK(errors.str().empty());
}

TEST_CASE("--assert goes by the balance, and without it an imbalance is only shown",
          "[telemetry]") {
  AdminFixture admin;
  std::ostringstream out;
  std::ostringstream errors;
  weir::LedgerCommand command{.control_socket = admin.control_socket(), .assert_balance = true};
  CHECK(weir::ledger_command(command, out, errors) == 0);

  admin.unaccounted = 3;
  CHECK(weir::ledger_command(command, out, errors) == 1);
  CHECK(out.str().find("NOT BALANCED: 3 events") != std::string::npos);
  command.assert_balance = false;
  CHECK(weir::ledger_command(command, out, errors) == 0);
}

TEST_CASE("no router is an error that names the socket and what to do", "[telemetry]") {
  std::ostringstream out;
  std::ostringstream errors;
  const auto path =
      GENERATE(as<std::string>{}, "/nonexistent/weir.sock", "/" + std::string(200, 'x'));
  CHECK(weir::ledger_command({.control_socket = path}, out, errors) == 1);
  CHECK(out.str().empty());
  CHECK(errors.str().find("no router answers on " + path) != std::string::npos);
  CHECK(errors.str().find("--control") != std::string::npos);
}

TEST_CASE("a router that accepts and says nothing is not waited for", "[telemetry]") {
  weir::test::TempDir directory;
  const std::string path = directory / "mute.sock";
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  REQUIRE(::listen(fd, 1) == 0);
  CHECK_THROWS_AS(weir::control_balance(path, 50ms), weir::ControlError);
  ::close(fd);
}

TEST_CASE("other pages can be asked for, with their status", "[telemetry]") {
  AdminFixture admin;
  CHECK(weir::control_get(admin.control_socket(), "/livez").status == 200);
  CHECK(weir::control_get(admin.control_socket(), "/livez").body == "{\"live\":true}\n");
  CHECK(weir::control_get(admin.control_socket(), "/nope").status == 404);
}
