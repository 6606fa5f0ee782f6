#include "router/spool/file_lock.hpp"

#include <fcntl.h>

#include <atomic>
#include <string>
#include <thread>

#include "router/base/fd.hpp"
#include "router/spool/spool_directory.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace weir;
using namespace weir::test;

namespace {

// So often is looked while others open: enough to meet them.
constexpr int kLooks = 50'000;

/// Looks at a lock, from another thread, without a pause.
class Looker {
 public:
  explicit Looker(std::string path)
      : thread_([this, path = std::move(path)] {
          while (!ending_) {
            (void)is_locked(path);
            ++looks_;
          }
        }) {}
  ~Looker() {
    ending_ = true;
    thread_.join();
  }
  int looks() const { return looks_; }

 private:
  std::atomic<bool> ending_{false};
  std::atomic<int> looks_{0};
  std::thread thread_;
};

Fd open_file(const std::string& path) { return Fd(::open(path.c_str(), O_RDWR | O_CLOEXEC)); }

}  // namespace

TEST_CASE("a lock is one process's, and looking at it takes it from nobody") {
  const TempDir dir;
  dir.write("lock", "");
  CHECK_FALSE(is_locked(dir / "lock"));
  CHECK_FALSE(is_locked(dir / "none"));
  {
    const Fd mine = open_file(dir / "lock");
    REQUIRE(lock_file(mine.get()));
    CHECK(is_locked(dir / "lock"));
    CHECK(lock_holder(dir / "lock") == ::getpid());
    const Fd theirs = open_file(dir / "lock");
    CHECK(lock_file(theirs.get()).error() == boost::system::errc::operation_would_block);
  }
  CHECK_FALSE(is_locked(dir / "lock"));
  CHECK(lock_file(-1).error().value() == EBADF);
}

TEST_CASE("a spool is opened while somebody looks whether it is locked") {
  const TempDir dir;
  Io io;
  REQUIRE(SpoolDirectory::create(io, dir / "s")->lock());
  const Looker looker(dir / "s/lock");
  int refused = 0;
  while (looker.looks() < kLooks) {
    refused += SpoolDirectory::create(io, dir / "s")->lock() ? 0 : 1;
  }
  CHECK(refused == 0);
}
