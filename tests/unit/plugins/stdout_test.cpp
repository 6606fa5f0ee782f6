#include "plugins/stdout/stdout.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>

#include "plugins/blackhole/blackhole.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/failing_io.hpp"
#include "tests/support/fake_context.hpp"
#include "tests/support/fake_owner.hpp"
#include "tests/support/make_settings.hpp"
#include "tests/support/temp_dir.hpp"

using namespace weir;
using namespace weir::test;

namespace {

struct StdoutFixture {
  FakeContext context;
  FakeOwner owner;
  std::shared_ptr<FailingIo> io = std::make_shared<FailingIo>();
  BatchBuilder builder;
  Fd read_end, write_end;

  StdoutFixture() { ::signal(SIGPIPE, SIG_IGN); }  // As main does.

  void use_pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    read_end = Fd(ends[0]);
    write_end = Fd(ends[1]);
  }

  void use_socket() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    read_end = Fd(ends[0]);
    write_end = Fd(ends[1]);
  }

  std::unique_ptr<Sink> make(const std::string& encoding = "raw") {
    const Settings settings =
        make_settings(standard_output::plugin().spec, "", {{"encoding", encoding}});
    auto sink = standard_output::make_sink(settings, context, write_end.get(), io);
    REQUIRE(sink->open());
    return sink;
  }

  FakeOwner::Settled write(Sink& sink, Batch batch) {
    REQUIRE(sink.open());
    sink.write(owner.deliver(std::move(batch)));
    return owner.take_last();
  }

  /// What can be read up to `bytes`; blocks until they are there or the writer is gone.
  std::string read(std::size_t bytes) {
    std::string text(bytes, '\0');
    std::size_t done = 0;
    while (done < bytes) {
      const ssize_t size = ::read(read_end.get(), text.data() + done, bytes - done);
      if (size <= 0) break;
      done += static_cast<std::size_t>(size);
    }
    text.resize(done);
    return text;
  }
};

/// More than a pipe or socket holds.
Batch large(BatchBuilder& builder, std::string& text) {
  text.clear();
  for (int i = 0; i < 20'000; ++i) {
    const std::string line = "line " + std::to_string(i) + std::string(90, '.');
    builder.line(line);
    text += line + "\n";
  }
  return builder.take();
}

}  // namespace

TEST_CASE("events go to a pipe, a socket and a file", "[stdout]") {
  StdoutFixture f;
  const TempDir dir;
  const int kind = GENERATE(0, 1, 2);
  if (kind == 0) f.use_pipe();
  if (kind == 1) f.use_socket();
  if (kind == 2) {
    f.write_end = Fd(::open((dir / "f").c_str(), O_RDWR | O_CREAT | O_APPEND, 0600));
    f.read_end = Fd(::open((dir / "f").c_str(), O_RDONLY));
  }
  const auto sink = f.make();
  CHECK(f.write(*sink, f.builder.line("one").bare("two").take()).fate.delivered);
  CHECK(f.write(*sink, f.builder.line("three").take()).fate.delivered);
  CHECK(f.read(14) == "one\ntwo\nthree\n");
  CHECK(sink->traits().settles_in_write);
}

TEST_CASE("encoding=json makes every line a JSON object", "[stdout]") {
  StdoutFixture f;
  f.use_pipe();
  const auto sink = f.make("json");
  CHECK(f.write(*sink, f.builder.json("{}").line("x").take()).fate.delivered);
  CHECK(f.read(3 + 13) == "{}\n{\"message\":\"x");
}

TEST_CASE("the description that is shared with other processes stays blocking", "[stdout]") {
  StdoutFixture f;
  f.use_pipe();
  const auto sink = f.make();
  CHECK((::fcntl(f.write_end.get(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("a reader that is gone for good means rejection, told once", "[stdout]") {
  StdoutFixture f;
  const bool pipe = GENERATE(true, false);
  pipe ? f.use_pipe() : f.use_socket();
  const auto sink = f.make();
  CHECK(f.write(*sink, f.builder.line("one").take()).fate.delivered);
  f.read_end.close();
  for (int i = 0; i < 3; ++i) {
    const FakeOwner::Settled settled = f.write(*sink, f.builder.line("two").line("three").take());
    CHECK(settled.fate.delivered);
    REQUIRE(settled.fate.rejected.size() == 2);
    CHECK(settled.fate.rejected[0].reason == Reason::Rejected);
  }
  CHECK(f.context.warnings.size() == 1);
}

TEST_CASE("a slow reader gets every byte once, and costs no busy loop", "[stdout]") {
  StdoutFixture f;
  const bool pipe = GENERATE(true, false);
  pipe ? f.use_pipe() : f.use_socket();
  const auto sink = f.make();
  std::string expected;
  Batch batch = large(f.builder, expected);
  std::string found;
  std::thread reader([&] { found = f.read(expected.size()); });
  while (true) {
    FakeOwner::Settled settled = f.write(*sink, std::move(batch));
    if (settled.fate.delivered) break;
    batch = std::move(settled.batch);
  }
  reader.join();
  CHECK(found == expected);
  // At worst a page at a time, and a second look after each.
  CHECK(f.io->count("writev") + f.io->count("send") < 2 * expected.size() / 4096 + 100);
}

TEST_CASE("a reader that stands still gets the rest when it goes on, nothing twice", "[stdout]") {
  StdoutFixture f;
  f.use_pipe();
  auto sink = f.make();
  std::string expected;
  FakeOwner::Settled settled = f.write(*sink, large(f.builder, expected));
  CHECK_FALSE(settled.fate.delivered);
  CHECK(settled.fate.cause.value() == EAGAIN);
  CHECK(f.io->count("writev") < 10);

  std::string found;
  SECTION("the batch comes again") {
    std::thread reader([&] { found = f.read(expected.size()); });
    while (!settled.fate.delivered) settled = f.write(*sink, std::move(settled.batch));
    reader.join();
    CHECK(found == expected);
  }
  SECTION("the batch was given up: its torn line is ended") {
    const std::string next = "next\n";
    f.builder.origin("s", 1).line("next");
    std::thread reader([&] { found = f.read(expected.size()); });
    settled = f.write(*sink, f.builder.take());
    while (!settled.fate.delivered) settled = f.write(*sink, std::move(settled.batch));
    f.write_end.close();
    sink->close(steady_now());
    sink.reset();  // The last writer: ends the reader.
    reader.join();
    REQUIRE(found.ends_with("\n" + next));
    const std::string torn = found.substr(0, found.size() - next.size() - 1);
    CHECK(expected.starts_with(torn));
  }
}

TEST_CASE("short writes and signals leave whole events, in order", "[stdout]") {
  StdoutFixture f;
  f.use_pipe();
  std::size_t calls = 0;
  f.io->shorten = [](std::size_t) { return std::size_t{3}; };
  f.io->fail = [&](std::string_view call) { return call == "writev" && ++calls % 2 ? EINTR : 0; };
  const auto sink = f.make();
  CHECK(f.write(*sink, f.builder.line("first").bare("second").take()).fate.delivered);
  CHECK(f.read(13) == "first\nsecond\n");
}

TEST_CASE("an error in the middle of a line is gone on from, to the byte", "[stdout]") {
  const std::string expected = "first\nsecond\n\nthird\n";
  for (std::size_t room = 0; room < expected.size(); ++room) {
    StdoutFixture f;
    f.use_pipe();
    std::size_t left = room;
    f.io->fail = [&](std::string_view call) { return call == "writev" && left == 0 ? EIO : 0; };
    f.io->shorten = [&](std::size_t bytes) {
      const std::size_t some = std::min(bytes, left);
      left -= some;
      return some;
    };
    const auto sink = f.make();
    f.builder.line("first").bare("second").line("").line("third");
    FakeOwner::Settled settled = f.write(*sink, f.builder.take());
    CHECK(settled.fate.cause.value() == EIO);
    left = 1000;
    CHECK(f.write(*sink, std::move(settled.batch)).fate.delivered);
    CHECK(f.read(expected.size()) == expected);
  }
}

TEST_CASE("the blackhole takes everything at once", "[blackhole]") {
  StdoutFixture f;
  const SinkPlugin plugin = blackhole::plugin();
  CHECK(plugin.spec.scheme == "blackhole");
  const auto sink = plugin.make(make_settings(plugin.spec), f.context);
  CHECK(sink->traits().never_blocks);
  const FakeOwner::Settled settled = f.write(*sink, f.builder.line("a").line("b").take());
  CHECK(settled.fate.delivered);
  CHECK(settled.fate.rejected.empty());
}

TEST_CASE("a standard output that was closed is told, not written to", "[stdout]") {
  StdoutFixture f;
  const Fd closed(::open("/dev/null", O_RDONLY | O_CLOEXEC));  // As main puts it there.
  const Settings settings = make_settings(standard_output::plugin().spec, "", {});
  const auto sink = standard_output::make_sink(settings, f.context, closed.get(), f.io);
  CHECK(sink->open().error().value() == EBADF);
}
