#include "router/base/io.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/failing_io.hpp"
#include "tests/support/temp_dir.hpp"

using weir::Fd, weir::Io, weir::Written, weir::test::FailingIo, weir::test::TempDir;

namespace {

std::vector<iovec> pieces_of(std::vector<std::string>& texts) {
  std::vector<iovec> pieces;
  for (std::string& text : texts) pieces.push_back({text.data(), text.size()});
  return pieces;
}

}  // namespace

TEST_CASE("advance takes bytes off the front, over empty pieces", "[io]") {
  std::vector<std::string> texts = {"", "abc", "", "de", ""};
  for (std::size_t bytes = 0; bytes <= 5; ++bytes) {
    std::vector<iovec> pieces = pieces_of(texts);
    std::string left;
    for (const iovec& piece : weir::advance(pieces, bytes)) {
      left.append(static_cast<char*>(piece.iov_base), piece.iov_len);
    }
    CHECK(left == std::string("abcde").substr(bytes));
  }
}

TEST_CASE("write_all goes on after short writes, signals and more pieces than one call takes",
          "[io]") {
  const TempDir dir;
  FailingIo io;
  std::size_t calls = 0;
  io.fail = [&](std::string_view) { return ++calls % 2 == 0 ? EINTR : 0; };
  io.shorten = [](std::size_t bytes) { return bytes / 2 + 1; };
  std::vector<std::string> texts;
  std::string expected;
  for (int i = 0; i < IOV_MAX + 10; ++i) {
    texts.push_back("piece " + std::to_string(i) + "\n");
    expected += texts.back();
  }
  std::vector<iovec> pieces = pieces_of(texts);
  std::span<iovec> left = pieces;
  const Fd fd(::open((dir / "f").c_str(), O_WRONLY | O_CREAT, 0600));
  const Written written = weir::write_all(io, fd.get(), left);
  CHECK_FALSE(written.error);
  CHECK(written.bytes == expected.size());
  CHECK(left.empty());
  CHECK(dir.read("f") == expected);
}

TEST_CASE("write_all says how much went out before an error, and leaves the rest", "[io]") {
  const TempDir dir;
  FailingIo io;
  io.fail = [&](std::string_view) { return io.count("writev") == 3 ? ENOSPC : 0; };
  io.shorten = [](std::size_t) { return std::size_t{2}; };
  std::vector<std::string> texts = {"abc", "def"};
  std::vector<iovec> pieces = pieces_of(texts);
  std::span<iovec> left = pieces;
  const Fd fd(::open((dir / "f").c_str(), O_WRONLY | O_CREAT, 0600));
  const Written written = weir::write_all(io, fd.get(), left);
  CHECK(written.error.value() == ENOSPC);
  CHECK(written.bytes == 4);
  REQUIRE(left.size() == 1);
  CHECK(std::string(static_cast<char*>(left[0].iov_base), left[0].iov_len) == "ef");
}

TEST_CASE("send_all stops at a full socket without waiting, and without SIGPIPE", "[io]") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  Fd near(ends[0]), far(ends[1]);
  Io io;
  std::vector<std::string> texts = {std::string(8 << 20, 'x')};
  std::vector<iovec> pieces = pieces_of(texts);
  std::span<iovec> left = pieces;
  const Written full = weir::send_all(io, near.get(), left);
  CHECK(full.error.value() == EAGAIN);
  CHECK(full.bytes > 0);
  CHECK(left[0].iov_len == texts[0].size() - full.bytes);
  far.close();
  CHECK(weir::send_all(io, near.get(), left).error.value() == EPIPE);
}

TEST_CASE("open_beneath refuses symlinks and ways up, also in the middle", "[io]") {
  const TempDir dir;
  const TempDir outside;
  outside.write("secret", "s");
  std::filesystem::create_directory(dir.path() / "real");
  std::filesystem::create_directory_symlink(outside.path(), dir.path() / "link");
  dir.write("real/file", "x");
  const Fd root(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY));
  Io io;
  const Fd good(io.open_beneath(root.get(), "real/file", O_RDONLY));
  if (!good && errno == ENOSYS) return;  // Nothing to see on this kernel.
  CHECK(good);
  CHECK_FALSE(Fd(io.open_beneath(root.get(), "link/secret", O_RDONLY)));
  CHECK_FALSE(Fd(io.open_beneath(root.get(), "link", O_RDONLY)));
  CHECK_FALSE(Fd(io.open_beneath(root.get(), "real/../../x", O_RDONLY)));
  CHECK_FALSE(Fd(io.open_beneath(root.get(), (outside / "secret").c_str(), O_RDONLY)));
}

TEST_CASE("rename_new never replaces", "[io]") {
  const TempDir dir;
  dir.write("a", "1");
  dir.write("b", "2");
  const Fd root(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY));
  Io io;
  CHECK(io.rename_new(root.get(), "a", "b") == -1);
  CHECK(errno == EEXIST);
  CHECK(io.rename_new(root.get(), "a", "c") == 0);
  CHECK(dir.read("b") == "2");
  CHECK(dir.read("c") == "1");
}
