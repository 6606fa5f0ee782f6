#include <filesystem>

#include "tests/support/catch.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

constexpr const char* kError = "{\"level\":\"error\",\"app\":\"a\"}\n";

}  // namespace

TEST_CASE("the README's line prints the event that matches, and exits with 0") {
  const std::vector<std::string> line = {"--from", "stdin",  "--to",
                                         "stdout", "--when", "level == \"error\""};
  const Finished matching = run_weir(line, kError);
  CHECK(matching.out == kError);
  CHECK(matching.exit_code == 0);
  const Finished other = run_weir(line, "{\"level\":\"info\",\"app\":\"a\"}\n");
  CHECK(other.out == "");
  CHECK(other.exit_code == 0);
}

TEST_CASE("run may be said or left out") {
  CHECK(run_weir({"run", "--from", "stdin", "--to", "stdout"}, kError).out == kError);
  CHECK(run_weir({"--from", "stdin", "--to", "stdout"}, kError).out == kError);
}

TEST_CASE("wrong usage exits with 2 and says what would be right") {
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{
           {"--form", "stdin"},
           {"frobnicate"},
           {"--from", "stdin"},
           {"--from", "stdni", "--to", "stdout"},
           {"--from", "stdin", "--to", "stdout", "--when", "level =="},
           {"-c", "there/is/no/such/file.yaml"},
           {"run", "--to", "stdout", "--"},
       }) {
    const Finished finished = run_weir(wrong);
    INFO(wrong[0] << "\n" << finished.err);
    CHECK(finished.exit_code == 2);
    CHECK(finished.out == "");
    CHECK_FALSE(finished.err.empty());
  }
}

TEST_CASE("the closing balance is one line of JSON on stderr") {
  const Finished finished = run_weir({"--from", "stdin", "--to", "stdout"}, kError);
  const Books books = Books::of(finished.err);
  CHECK(books.source("stdin", "received") == 1);
  CHECK(books.sink("stdout", "delivered") == 1);
  CHECK(books.imbalance() == 0);
}

TEST_CASE("an event that is lost makes the exit code 3") {
  const Finished finished =
      run_weir({"--from", "stdin?max_event_bytes=1KiB&oversize=drop", "--to", "stdout"},
               std::string(2000, 'x') + "\nshort\n");
  CHECK(finished.exit_code == 3);
  CHECK(finished.out == "short\n");
  CHECK(Books::of(finished.err).dropped("stdin", "oversize") == 1);
}

TEST_CASE("--help and --version answer on stdout") {
  CHECK(contains(run_weir({"--help"}).out, "ledger"));
  CHECK(contains(run_weir({"run", "--help"}).out, "--from"));
  CHECK(contains(run_weir({"--version"}).out, "weir"));
  CHECK(run_weir({"--help"}).exit_code == 0);
}

TEST_CASE("check prints the plan and opens nothing") {
  const TempDir scratch;
  const std::string file = scratch / "weir.yaml";
  scratch.write("weir.yaml",
                "sources: {in: 'tcp://127.0.0.1:1'}\n"
                "sinks: {out: 'file:///nowhere/{app}.log'}\n");
  const Finished finished = run_weir({"check", "-c", file});
  INFO(finished.err);
  CHECK(finished.exit_code == 0);
  CHECK(contains(finished.out, "file:///nowhere/{app}.log"));
  scratch.write("weir.yaml", "sources: {in: 'tcp://127.0.0.1:1'}\nsinks: {out: blackhol}\n");
  const Finished wrong = run_weir({"check", "-c", file});
  CHECK(wrong.exit_code == 2);
  CHECK(contains(wrong.err, "blackhole"));
}

TEST_CASE("explain shows where one event would go") {
  const TempDir scratch;
  const std::string file = scratch / "weir.yaml";
  scratch.write("weir.yaml",
                "sources: {in: 'tcp://127.0.0.1:1'}\n"
                "sinks: {out: 'file:///nowhere/{app}.log', none: blackhole}\n"
                "routes:\n"
                "  errors: {when: level == \"error\", to: out}\n"
                "  rest: {when: unmatched, to: none}\n");
  const Finished by_argument = run_weir({"explain", "-c", file, R"({"level":"error","app":"a"})"});
  INFO(by_argument.out << by_argument.err);
  CHECK(by_argument.exit_code == 0);
  CHECK(contains(by_argument.out, "errors"));
  CHECK(contains(by_argument.out, "/nowhere/a.log"));
  const Finished by_stdin = run_weir({"explain", "-c", file}, kError);
  CHECK(by_stdin.exit_code == 0);
  CHECK(contains(by_stdin.out, "/nowhere/a.log"));
}

TEST_CASE("explain says which severity an event has for a sink that sheds, and from where") {
  const auto explained = [](const std::string& options, const std::string& event) {
    return run_weir({"explain", "--from", "stdin", "--to", "stdout?" + options, event}).out;
  };
  const auto sheds = [&](const std::string& event) { return explained("when_full=shed", event); };
  CHECK(contains(sheds(R"({"level":"ERR"})"), R"(severity error, from level = "ERR"; never shed)"));
  CHECK(contains(sheds(R"({"log.level":"warn","log":{"level":"debug"}})"),
                 R"(severity warning, from event["log.level"] = "warn"; may be shed)"));
  CHECK(contains(sheds(R"({"log":{"level":20}})"), "severity debug, from log.level = 20; may be"));
  CHECK(contains(sheds(R"({"PRIORITY":"3"})"), R"(severity error, from PRIORITY = "3")"));
  CHECK(contains(sheds("<10>text"), "severity critical, from its <PRI>; never shed"));
  CHECK(contains(sheds(R"({"level":"loud"})"),
                 R"(severity info, as shed.unknown says: level = "loud" tells none)"));
  CHECK(contains(sheds("text"), "severity info, as shed.unknown says: it has neither level, "));
  const std::string named = "when_full=shed&shed.field=a.b&shed.floor=critical&shed.unknown=debug";
  CHECK(contains(explained(named, R"({"a":{"b":"error"},"level":"info"})"),
                 R"(severity error, from a.b = "error"; may be shed)"));
  CHECK(contains(explained(named, R"({"level":"info"})"),
                 "severity debug, as shed.unknown says: it has neither a.b nor a <PRI>"));
  CHECK_FALSE(contains(explained("when_full=block", R"({"level":"ERR"})"), "severity"));
}

TEST_CASE("weir spool lists, checks and exports what is kept, and repairs what is damaged") {
  const TempDir scratch;
  const std::string file = scratch / "weir.yaml";
  scratch.write("weir.yaml", "data_dir: " + scratch / "data" +
                                 "\n"
                                 "sources: {in: stdin}\n"
                                 "sinks: {out: {url: stdout, spool.retain: 1h}}\n");
  const std::string events = kError + std::string("text\n");
  CHECK(run_weir({"run", "-c", file, "--control", scratch / "ctl"}, events).out == events);

  const Finished list = run_weir({"spool", "list", "-c", file, "--json"});
  INFO(list.out << list.err);
  CHECK(list.exit_code == 0);
  CHECK(contains(list.out, R"("sink":"out")"));
  CHECK(contains(list.out, R"("kept_events":2)"));
  CHECK(run_weir({"spool", "check", scratch / "data"}).exit_code == 0);
  const Finished whole = run_weir({"spool", "list", scratch / "data"});
  CHECK(contains(whole.out, "out                  at rest          whole "));
  CHECK_FALSE(contains(whole.out, "check"));
  CHECK(run_weir({"spool", "export", scratch / "data"}).out == events);
  CHECK(run_weir({"spool", "export", "--waiting", scratch / "data"}).out == "");
  CHECK(run_weir({"spool", "export", "--to", "2001-01-01T00:00:00Z", scratch / "data"}).out == "");
  CHECK(
      contains(run_weir({"spool", "export", "--json", scratch / "data"}).out, R"("event":"text")"));
  CHECK(run_weir({"spool", "export", "--from", "noon", scratch / "data"}).exit_code == 2);
  CHECK(run_weir({"spool", "list", scratch / "nowhere"}).exit_code == 2);

  const std::string segment = "data/spool/out/0000000000000001.seg";
  std::string bytes = content_of(scratch.path() / segment);
  bytes[200] = static_cast<char>(bytes[200] ^ 1);
  scratch.write(segment, bytes);
  CHECK(run_weir({"spool", "check", scratch / "data"}).exit_code == 1);
  const Finished damaged = run_weir({"spool", "list", scratch / "data"});
  CHECK(damaged.exit_code == 0);
  CHECK(contains(damaged.out, "out                  at rest          DAMAGED "));
  CHECK(contains(damaged.out, "`weir spool check " + scratch / "data/spool/out" + "`"));
  const Finished repair = run_weir({"spool", "repair", scratch / "data"});
  CHECK(contains(repair.out, "0 events saved, 2 lost"));
  CHECK(content_of(scratch.path() / "data/spool/out/damaged/0000000000000001.seg") == bytes);
  CHECK(run_weir({"spool", "check", scratch / "data"}).exit_code == 0);

  scratch.write("data/spool/out/cursor", "garbage");
  const Finished cursor = run_weir({"spool", "check", scratch / "data"});
  CHECK(cursor.exit_code == 1);
  CHECK(contains(cursor.out, "no cursor to be believed"));
  const Finished mended = run_weir({"spool", "repair", scratch / "data"});
  CHECK(mended.exit_code == 0);
  CHECK(contains(mended.out, "out/cursor: written anew"));
  CHECK(content_of(scratch.path() / "data/spool/out/damaged/cursor") == "garbage");
  CHECK(run_weir({"spool", "check", scratch / "data"}).exit_code == 0);
  CHECK(contains(run_weir({"spool", "repair", scratch / "data"}).out, "nothing to repair"));

  std::filesystem::rename(scratch / segment, scratch / "away");
  std::filesystem::create_symlink(scratch / "away", scratch / segment);
  const Finished unread = run_weir({"spool", "check", scratch / "data"});
  CHECK(unread.exit_code == 1);
  CHECK(contains(unread.out, "UNREADABLE: Too many levels of symbolic links"));
  const Finished refused = run_weir({"spool", "repair", scratch / "data"});
  CHECK(refused.exit_code == 1);
  CHECK(contains(refused.out, "0000000000000001.seg: left as it is: it cannot be read"));
  CHECK(std::filesystem::is_symlink(scratch / segment));
}

TEST_CASE("commands on what lies on disk say what they have to be given") {
  const TempDir scratch;
  scratch.write("weir.yaml",
                "sources: {in: stdin}\nsinks: {out: {url: stdout, spool.retain: 1h}}\n");
  const std::map<std::string, std::string> named = {{"WEIR_DATA_DIR", scratch / "data"}};
  CHECK(run_weir({"run", "-c", scratch / "weir.yaml", "--control", scratch / "ctl"}, kError, named)
            .exit_code == 0);
  for (const char* command : {"list", "check", "export", "repair"}) {
    const Finished lost = run_weir({"spool", command});
    INFO(command << ": " << lost.err);
    CHECK(lost.exit_code == 2);
    CHECK(contains(lost.err, "DIR"));
    CHECK(contains(lost.err, "-c FILE"));
    CHECK(contains(lost.err, "WEIR_DATA_DIR"));
    CHECK(run_weir({"spool", command}, "", named).exit_code == 0);
  }
  const Finished replay = run_weir({"replay", "out", "--sink", "stdout"});
  CHECK(replay.exit_code == 2);
  CHECK(contains(replay.err, "-c FILE"));
  CHECK(contains(replay.err, "WEIR_DATA_DIR"));
  CHECK(run_weir({"replay", "out", "--sink", "stdout"}, "", named).out == kError);
  const Finished letters = run_weir({"dead-letter", "list"});
  CHECK(letters.exit_code == 2);
  CHECK(contains(letters.err, "-c FILE, or the files"));
}
