// A purge, beside one who writes, and broken off.

#include "router/replay/letter_purge.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "router/base/fd.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/failing_io.hpp"
#include "tests/support/temp_dir.hpp"

using namespace weir;
using namespace weir::test;

namespace {

bool is_even(std::string_view line) { return !line.empty() && (line.back() - '0') % 2 == 0; }

LetterPath path_of(const std::string& path) { return named_letter_files({path}).front(); }

}  // namespace

TEST_CASE("what goes is gone, and all else stays, torn lines too") {
  const TempDir directory;
  directory.write("a", "line 1\nline 2\n\nline 3\nline 4\ntorn 6");
  const PurgeResult result = purge_letters(path_of(directory / "a"), is_even);
  CHECK(result.trouble == "");
  CHECK(result.removed == 2);
  CHECK(directory.read("a") == "line 1\n\nline 3\ntorn 6\n");
  CHECK(directory.files() == std::vector<std::string>{"a"});
}

TEST_CASE("where nothing goes nothing is touched, and where all goes the file does") {
  const TempDir directory;
  directory.write("a", "line 1\ntorn");
  CHECK(purge_letters(path_of(directory / "a"), is_even).removed == 0);
  CHECK(directory.read("a") == "line 1\ntorn");
  directory.write("a", "line 2\n");
  CHECK(purge_letters(path_of(directory / "a"), is_even).removed == 1);
  CHECK(directory.files().empty());
}

TEST_CASE("what others append meanwhile is not lost") {
  const TempDir directory;
  const std::string path = directory / "a";
  directory.write("a", "line 1\nline 2\n");
  // As the file sink does it: it goes on in the file that it has open, and looks now and then
  // whether that still has its name.
  std::atomic<bool> stop{false};
  std::atomic<int> written{0};
  std::thread writer([&] {
    while (!stop) {
      const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
      for (int i = 0; i < 1000 && !stop; ++i) {
        if (::write(file.get(), "more 1\n", 7) == 7) ++written;
        std::this_thread::yield();
      }
    }
  });
  while (written < 5) std::this_thread::yield();
  const PurgeResult result = purge_letters(path_of(path), is_even);
  stop = true;
  writer.join();
  CHECK(result.trouble == "");
  CHECK(result.removed == 1);
  const std::vector<std::string> lines = lines_of(directory.read("a"));
  CHECK(std::count(lines.begin(), lines.end(), "more 1") == written);
  CHECK(std::count(lines.begin(), lines.end(), "line 1") == 1);
  CHECK(std::count(lines.begin(), lines.end(), "line 2") == 0);
  CHECK(directory.files() == std::vector<std::string>{"a"});
}

TEST_CASE("one who does not let go of the file keeps it as it is") {
  const TempDir directory;
  directory.write("a", "line 1\nline 2\n");
  const Fd writer(::open((directory / "a").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  const PurgeResult result =
      purge_letters(path_of(directory / "a"), is_even, std::chrono::milliseconds(100));
  CHECK(result.trouble.find("goes on writing") != std::string::npos);
  CHECK(result.removed == 0);
  CHECK(directory.read("a") == "line 1\nline 2\n");
  CHECK(directory.files() == std::vector<std::string>{"a"});
}

TEST_CASE("a purge that was broken off is gone on with") {
  const TempDir directory;
  directory.write("a@purging", "line 1\nline 2\n");
  directory.write("a@purge.tmp", "half of it");
  directory.write("a", "line 3\ntorn");
  const LetterPath left = path_of(directory / "a@purging");
  CHECK(left.home == directory / "a");
  CHECK(purge_letters(path_of(directory / "a"), [](std::string_view) {
          return true;
        }).trouble.find("broken off") != std::string::npos);
  CHECK(purge_letters(left, is_even).trouble == "");
  CHECK(directory.read("a") == "line 3\ntorn\nline 1\n");
  CHECK(directory.files() == std::vector<std::string>{"a"});
}

TEST_CASE("a file that is rotated while it is looked at is not the one that goes") {
  const TempDir directory;
  const std::string path = directory / "a";
  directory.write("a", "line 2\n");
  int looks = 0;
  const auto rotate = [&](std::string_view) {
    if (looks++ != 0) return true;
    std::filesystem::rename(path, path + "@stamp");
    directory.write("a", "new 2\n");
    return true;
  };
  const PurgeResult result = purge_letters(path_of(path), rotate);
  CHECK(result.trouble.find("rotated meanwhile; purge again") != std::string::npos);
  CHECK(result.removed == 0);
  CHECK(directory.read("a") == "new 2\n");
  CHECK(directory.read("a@stamp") == "line 2\n");
  CHECK(directory.files() == std::vector<std::string>{"a", "a@stamp"});

  // What another purge has finished, and a third one has begun.
  directory.write("b@purging", "line 2\n");
  const auto replace = [&](std::string_view) {
    std::filesystem::remove(directory / "b@purging");
    directory.write("b@purging", "new 2\n");
    return true;
  };
  CHECK(purge_letters(path_of(directory / "b@purging"), replace).trouble != "");
  CHECK(directory.read("b@purging") == "new 2\n");
}

TEST_CASE("what was appended to a file that is rotated meanwhile is still in the other, too") {
  const TempDir directory;
  directory.write("a@purging", "line 1\nline 2\n");
  directory.write("a", "line 3\n");
  FailingIo io;
  io.fail = [&](std::string_view call) {
    if (call != "writev" || io.count("writev") != 2) return 0;  // The first is of another file.
    std::filesystem::rename(directory / "a", directory / "a@stamp");
    directory.write("a", "new 1\n");
    return 0;
  };
  const LetterPath left = path_of(directory / "a@purging");
  CHECK(purge_letters(left, is_even, kWriterPatience, io).trouble.find("rotated meanwhile") !=
        std::string::npos);
  CHECK(directory.read("a@stamp") == "line 3\nline 1\n");
  CHECK(directory.read("a@purging") == "line 1\nline 2\n");
  CHECK(directory.read("a") == "new 1\n");
  io.fail = nullptr;
  CHECK(purge_letters(left, is_even, kWriterPatience, io).trouble == "");
  CHECK(directory.read("a") == "new 1\nline 1\n");
}

TEST_CASE("a full disk leaves no half of a line to which the next would be joined") {
  const TempDir directory;
  directory.write("a@purging", "line 1\nline 2\n");
  directory.write("a", "line 3\n");
  FailingIo io;
  bool others = false;
  io.fail = [&](std::string_view call) {
    if (call != "writev") return 0;
    if (others && io.count(call) == 2) directory.write("a", directory.read("a") + "other 5\n");
    return io.count(call) == 3 ? ENOSPC : 0;
  };
  io.shorten = [&](std::size_t bytes) { return io.count("writev") == 2 ? 3 : bytes; };
  const LetterPath left = path_of(directory / "a@purging");
  const PurgeResult full = purge_letters(left, is_even, kWriterPatience, io);
  CHECK(full.trouble.find("No space left") != std::string::npos);
  CHECK(directory.read("a") == "line 3\n");
  CHECK(directory.read("a@purging") == "line 1\nline 2\n");

  others = true;
  io.forget_calls();
  CHECK(purge_letters(left, is_even, kWriterPatience, io).trouble != "");
  CHECK(directory.read("a") == "line 3\nother 5\nlin\n");
  CHECK(purge_letters(left, is_even).trouble == "");
  CHECK(directory.read("a") == "line 3\nother 5\nlin\nline 1\n");
}
