#include <string>

#include "config/error.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/bench/collect_rig.hpp"

using namespace weir::bench;
using weir::test::TempDir;

namespace {

/// What is said of a wrong `url`; "" where it is taken.
std::string complaint(const std::string& url) {
  boost::asio::io_context io;
  RecordingLanes lanes;
  try {
    make_collector(io, url, lanes);
  } catch (const weir::ConfigError& error) {
    return error.what();
  }
  return "";
}

bool says(const std::string& text, const std::string& part) {
  INFO(text);
  const bool found = text.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

}  // namespace

TEST_CASE("what cannot be collected from is told, with what can", "[bench]") {
  const TempDir dir;
  for (const std::string url :
       {"https://127.0.0.1:80", "amqp://127.0.0.1:5672/queue", "", "a://"}) {
    says(complaint(url), "known are file:///PATH");
  }
  says(complaint("https://127.0.0.1:80"), "cannot collect from https://");
  says(complaint("http://127.0.0.1/in"), "http://127.0.0.1:5171");
  says(complaint("tcp:127.0.0.1:5170"), "\"//\" is missing behind \"tcp:\"");
  says(complaint("kafka://127.0.0.1:9092"), "brokers and a topic are needed");
  says(complaint("tcp://127.0.0.1"), "the port is missing");
  says(complaint("tcp://127.0.0.1"), "tcp://127.0.0.1:5171");
  says(complaint("udp://127.0.0.1:x"), "the port must be a number");
  says(complaint("udp://127.0.0.1:70000"), "from 0 to 65535");
  says(complaint("tcp://192.0.2.1:0"), "no such address");
  says(complaint("tcp://${HOST}:0"), "cannot stand in a host's name");
  says(complaint("file://out.log"), "the path has to be absolute");
  says(complaint("unix://out.sock"), "the path has to be absolute");
  says(complaint("unix://" + (dir / "none/out.sock")), "create it first");
  says(complaint("file://" + dir.path().string()), "this is a directory");
  says(complaint(dir.path().string() + "/"), "this is a directory");
}

TEST_CASE("a port and a socket that are taken are told", "[bench]") {
  const TempDir dir;
  for (const std::string& url : {std::string("tcp://127.0.0.1:0"), std::string("udp://127.0.0.1:0"),
                                 "unix://" + (dir / "out.sock")}) {
    Rig rig(url);
    const std::string scheme = url.substr(0, url.find("://"));
    const std::string text = complaint(scheme + "://" + rig.collector().address());
    says(text, "cannot listen: Address already in use");
    says(text, scheme + "://" + rig.collector().address());
  }
  dir.write("file", "");
  says(complaint("unix://" + (dir / "file")), "no socket");
}

TEST_CASE("files that are not there yet are no error", "[bench]") {
  const TempDir dir;
  CHECK(complaint("file://" + (dir / "none/out.log")).empty());
  CHECK(complaint(dir / "none/*.log").empty());
  CHECK(complaint("tcp://[::1]:0").empty());
}
