#include <filesystem>
#include <fstream>

#include "tests/integration/load.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

namespace {

/// The router's `${DIR}` is a file system of 512 KiB in a mount namespace of its own, so that
/// nothing stays mounted, however the test ends.
constexpr const char* kSmallDisk = "mount -t tmpfs -o size=512k weir-test \"$DIR\" && exec \"$@\"";

}  // namespace

TEST_CASE("a full disk is survived, and nothing is missing once there is room") {
  Process allowed({.arguments = {"unshare", "--mount", "sh", "-c", kSmallDisk, "sh", "true"},
                   .environment = {{"DIR", TempDir().path().parent_path().string()}}});
  if (allowed.wait() != 0) {
    WARN("skipped: nothing can be mounted here: " << allowed.stderr_text());
    return;
  }
  Router router(
      "admin: 127.0.0.1:0\nsources: {in: 'tcp://127.0.0.1:0'}\nsinks: {out: "
      "'file://${DIR}/out.ndjson'}\n",
      {.wrapper = {"unshare", "--mount", "sh", "-c", kSmallDisk, "sh"}});
  // The router's view of its directory.
  const std::filesystem::path disk = "/proc/" + std::to_string(router.process().pid()) + "/root" +
                                     router.directory().path().string();
  std::ofstream(disk / "ballast") << std::string(256 * 1024, 'x');

  constexpr std::size_t kCount = 3000;  // 375 KiB: too much beside the ballast, not without it.
  const Socket socket = connect_tcp(router.port("in"));
  for (std::size_t i = 0; i < kCount; ++i) REQUIRE(socket.send(numbered_event(0, i)));
  const std::uint16_t admin = router.port("admin");
  HttpAnswer unready;
  // Before it is open, a sink is not ready either, for another reason.
  const bool is_full = await([&] {
    unready = http_get(admin, "/readyz");
    return unready.body.find("No space left") != std::string::npos;
  });
  INFO(unready.body);
  REQUIRE(is_full);
  CHECK(unready.status == 503);
  CHECK(unready.body.find("out") != std::string::npos);
  CHECK(router.books_now().imbalance() == 0);
  CHECK(router.books_now().lost() == 0);

  std::filesystem::remove(disk / "ballast");
  CHECK(await([&] { return router.books_now().sink("out", "delivered") == kCount; }));
  CHECK(await([&] { return http_get(admin, "/readyz").status == 200; }));
  std::string expected;
  for (std::size_t i = 0; i < kCount; ++i) expected += numbered_event(0, i);
  CHECK(content_of(disk / "out.ndjson") == expected);
  CHECK(router.stop() == 0);
}
