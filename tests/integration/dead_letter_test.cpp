// `weir dead-letter`: from an event that is refused to its delivery.

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

namespace fs = std::filesystem;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A sink that refuses the events of app "bad", as a directory has the name of their file.
struct Scene {
  TempDir directory;
  std::string config = directory / "weir.yaml";

  explicit Scene(const std::string& letters = "dead.ndjson") {
    fs::create_directories(directory / "out/bad.ndjson");
    directory.write("weir.yaml",
                    "sources: {in: stdin}\nroutes: {all: {to: strict}}\nsinks:\n" +
                        std::string("  strict: {url: \"file://") + (directory / "out") +
                        "/{app}.ndjson\", dead_letter: letters}\n  letters: \"file://" +
                        (directory / "letters") + "/" + letters + "\"\n");
  }
  void feed(const std::string& events) const {
    REQUIRE(run_weir({"run", "-c", config}, events).exit_code == 0);
  }
  void mend() const { fs::remove(directory / "out/bad.ndjson"); }
  Finished command(std::vector<std::string> words) const {
    words.insert(words.begin(), "dead-letter");
    words.insert(words.end(), {"-c", config});
    return run_weir(std::move(words));
  }
};

constexpr const char* kEvents =
    "{\"app\":\"good\",\"n\":0}\n{\"app\":\"bad\",\"n\":1}\n{\"app\":\"bad\",\"n\":2,\"x\":\"\\n\"}"
    "\n";

}  // namespace

TEST_CASE("letters are listed, shown, sent and removed") {
  const Scene scene;
  scene.feed(kEvents);
  const Finished list = scene.command({"list"});
  CHECK(list.exit_code == 0);
  const std::vector<std::string> rows = lines_of(list.out);
  REQUIRE(rows.size() == 6);
  CHECK(contains(rows[1], "{\"app\":\"bad\",\"n\":1}"));
  CHECK(contains(rows[5], "strict rejected"));

  const std::string id = rows[2].substr(0, 12);
  CHECK(scene.command({"show", id.substr(0, 6), "--raw"}).out ==
        "{\"app\":\"bad\",\"n\":2,\"x\":\"\\n\"}");
  CHECK(contains(scene.command({"show", id}).out, "reason    rejected"));
  CHECK(scene.command({"show", "ffffffff"}).exit_code == 1);

  // Refused again: lost to the sink, and still in its letter, once.
  const Finished again = scene.command({"redrive", "--purge"});
  CHECK(again.exit_code == 3);
  CHECK(Books::of(again.err).dropped("strict", "rejected") == 2);
  CHECK(lines_of(scene.directory.read("letters/dead.ndjson")).size() == 2);

  scene.mend();
  const Finished sent = scene.command({"redrive", "--where", "event.contains(\"2\")", "--purge"});
  CHECK(sent.exit_code == 0);
  CHECK(Books::of(sent.err).imbalance() == 0);
  CHECK(scene.directory.read("out/bad.ndjson") == "{\"app\":\"bad\",\"n\":2,\"x\":\"\\n\"}\n");
  CHECK(lines_of(scene.directory.read("letters/dead.ndjson")).size() == 1);

  CHECK(scene.command({"purge"}).exit_code == 2);
  const Finished purged = scene.command({"purge", "--reason", "rejected"});
  CHECK(purged.exit_code == 0);
  CHECK(contains(purged.out, "1 removed, 0 lines kept"));
  CHECK(scene.directory.read("letters/dead.ndjson") == "");
}

TEST_CASE("letters go to another sink, and what is no letter stays") {
  const Scene scene;
  scene.feed(kEvents);
  const std::string file = "letters/dead.ndjson";
  scene.directory.write(file, "garbage\n" + scene.directory.read(file) + "{\"dead_letter\":{");
  const Finished sent = scene.command({"redrive", "--to", "stdout", "--purge", "--rate", "500/s"});
  CHECK(sent.exit_code == 0);
  CHECK(sent.out == "{\"app\":\"bad\",\"n\":1}\n{\"app\":\"bad\",\"n\":2,\"x\":\"\\n\"}\n");
  CHECK(contains(sent.err, "1 lines are no letters"));
  CHECK(contains(sent.err, (scene.directory / file) + ": 2 lines, the first is line 1"));
  CHECK(scene.directory.read(file) == "garbage\n{\"dead_letter\":{\n");
  CHECK(contains(scene.command({"list", "--json"}).out, "\"no_letters\":2"));
}

TEST_CASE("what is refused again and gets a new letter does not count as delivered") {
  const Scene scene;
  scene.feed(kEvents);
  const std::string named = scene.directory / "named";
  fs::rename(scene.directory / "letters/dead.ndjson", named);
  const Finished again = scene.command({"redrive", named});
  CHECK(again.exit_code == 0);
  CHECK(contains(again.err, R"("sent":2,"delivered":0,"refused":2)"));
  CHECK(lines_of(scene.directory.read("letters/dead.ndjson")).size() == 2);
  scene.mend();
  const Finished sent = scene.command({"redrive", named});
  CHECK(contains(sent.err, R"("sent":2,"delivered":2,"refused":0)"));
}

TEST_CASE("rotated and packed files are found, and a file may be named") {
  const Scene scene("{dead_letter.reason}.ndjson?rotate=1KiB&compress=zstd");
  std::string events;
  for (int i = 0; i < 100; ++i) events += "{\"app\":\"bad\",\"n\":" + std::to_string(i) + "}\n";
  scene.feed(events);
  std::size_t packed = 0;
  for (const std::string& file : scene.directory.files()) packed += file.ends_with(".zst") ? 1 : 0;
  REQUIRE(packed != 0);
  CHECK(contains(scene.command({"list"}).out, "strict rejected      100"));
  const Finished some = scene.command({"purge", "--where", "event.matches(\"[02468]}$\")"});
  INFO(some.err);
  CHECK(some.exit_code == 0);
  CHECK(contains(scene.command({"list"}).out, "strict rejected       50"));
  scene.mend();
  CHECK(scene.command({"redrive", "--purge"}).exit_code == 0);
  CHECK(lines_of(scene.directory.read("out/bad.ndjson")).size() == 50);
  CHECK(contains(scene.command({"list"}).out, "no letters"));

  scene.directory.write("named",
                        "{\"dead_letter\":{\"sink\":\"a\",\"reason\":\"b\"},\"event\":\"x\"}\n");
  const Finished named =
      run_weir({"dead-letter", "redrive", scene.directory / "named", "--to", "stdout"});
  CHECK(named.exit_code == 0);
  CHECK(named.out == "x\n");
}

TEST_CASE("a purge beside the router that writes the letters loses none") {
  Router router(R"(
sources: {in: "tcp://127.0.0.1:0"}
routes: {all: {to: strict}}
sinks:
  strict: {url: "file://${DIR}/out/{app}.ndjson", dead_letter: letters}
  letters: file://${DIR}/letters/dead.ndjson
)");
  fs::create_directories(router.directory() / "out/bad.ndjson");
  const auto send = [&](int n) {
    const Socket client = connect_tcp(router.port("in"));
    client.send("{\"app\":\"bad\",\"n\":" + std::to_string(n) + "}\n");
  };
  send(1);
  REQUIRE(await([&] { return router.lines("letters/dead.ndjson").size() == 1; }));
  const std::string file = router.directory() / "letters/dead.ndjson";
  const Finished purged = run_weir({"dead-letter", "purge", file, "--all"});
  INFO(purged.err);
  CHECK(purged.exit_code == 0);
  CHECK(contains(purged.out, "1 removed"));
  send(2);
  REQUIRE(await([&] { return router.lines("letters/dead.ndjson").size() == 1; }));
  CHECK(contains(router.lines("letters/dead.ndjson")[0], "\\\"n\\\":2"));
  CHECK(router.stop() == 0);
}

TEST_CASE("wrong words for dead letters are told, and what to say instead") {
  const Scene scene;
  scene.feed(kEvents);
  const Finished directory = run_weir({"dead-letter", "list", scene.directory / "letters"});
  CHECK(directory.exit_code == 2);
  CHECK(contains(directory.err, "letters\" is a directory"));
  CHECK(contains(directory.err, "name the files in it"));
  CHECK(run_weir({"dead-letter", "list", scene.directory / "nowhere"}).exit_code == 2);

  for (const char* id : {"zzz", "zzzzzz", "abc", "0123456789abcd"}) {
    const Finished wrong = scene.command({"show", id});
    INFO(id << ": " << wrong.err);
    CHECK(wrong.exit_code == 2);
    CHECK(contains(wrong.err, std::string(id) + "\" is no id of a letter"));
    CHECK(contains(wrong.err, "`weir dead-letter list`"));
  }
  const Finished none = scene.command({"show", "ffffffff"});
  CHECK(none.exit_code == 1);
  CHECK(contains(none.err, "there is no letter \"ffffffff\""));
  CHECK(contains(none.err, "`weir dead-letter list`"));

  const std::string file = "letters/dead.ndjson";
  scene.directory.write(file, scene.directory.read(file) + "\ngarbage\nmore\n");
  const Finished list = scene.command({"list"});
  CHECK(list.exit_code == 0);
  CHECK(contains(list.err, (scene.directory / file) + ": 2 lines, the first is line 4"));
}
