#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/unit/plugins/file_fixture.hpp"

using namespace weir;
using namespace weir::test;

// An attacker who may write below the literal directory swaps a directory for a symlink, over and
// over, while the sink creates files through it.
TEST_CASE("no file is ever made outside, whoever swaps directories for symlinks", "[file]") {
  const bool with_openat2 = GENERATE(true, false);
  FileFixture f;
  std::filesystem::create_directory(f.dir.path() / "outside");
  std::filesystem::create_directories(f.dir.path() / "in/app");
  if (!with_openat2) {
    f.io->fail = [](std::string_view call) { return call == "open_beneath" ? ENOSYS : 0; };
  }
  const auto sink = f.make("in/{app}/{n}.log", {{"max_open_files", "2"}, {"rotate", "4"}});

  std::atomic<bool> stop{false};
  std::atomic<std::size_t> swaps{0};
  std::thread attacker([&] {
    const auto real = f.dir.path() / "in/app", aside = f.dir.path() / "in/aside";
    std::error_code ignored;
    while (!stop.load()) {
      std::filesystem::rename(real, aside, ignored);
      std::filesystem::create_directory_symlink(f.dir.path() / "outside", real, ignored);
      std::filesystem::remove(real, ignored);
      std::filesystem::rename(aside, real, ignored);
      swaps.fetch_add(1);
    }
  });
  BatchBuilder builder(2);
  std::size_t rejected = 0, failed = 0;
  for (std::size_t batch = 0; batch < 2000 || swaps.load() < 200; ++batch) {
    for (std::size_t i = 0; i < 4; ++i) {
      builder.line("e", {Value::string("app"), builder.text(std::to_string((batch * 4 + i) % 50))});
    }
    const FakeOwner::Settled settled = f.attempt(*sink, builder.take());
    rejected += settled.fate.rejected.size();
    failed += settled.fate.delivered ? 0 : 1;
  }
  stop.store(true);
  attacker.join();
  INFO(rejected << " events rejected, " << failed << " batches to come again");
  CHECK(std::filesystem::is_empty(f.dir.path() / "outside"));
  CHECK(f.dir.files().size() > 0);
}
