#include "config/settings.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/config/sample.hpp"

using namespace weir;
using namespace weir::test;

namespace {

Settings sink(const std::string& url, const Environment& environment = {}) {
  return load_yaml("sources: {in: stdin}\nsinks: {a: {url: '" + url + "'}}\n", environment)
      .sinks[0];
}

}  // namespace

TEST_CASE("settings give each option in its type") {
  const Settings kafka =
      sink("kafka://b:1/t?ratio=0.25&weights=3,4.5&idempotent=false&buffer=2MiB");
  CHECK(kafka.number("ratio") == 0.25);
  CHECK(kafka.numbers("weights") == std::vector<double>{3, 4.5});
  CHECK_FALSE(kafka.boolean("idempotent"));
  CHECK(kafka.bytes("buffer") == 2ULL << 20);
  CHECK(kafka.string("when_full") == "block");
  const Settings unix_sink = sink("unix:///x?connect_timeout=250ms");
  CHECK(unix_sink.duration("connect_timeout") == std::chrono::milliseconds(250));
  CHECK(unix_sink.duration("timeout") == std::chrono::seconds(30));
  CHECK(sink("file:///x?keep=7").integer("keep") == 7);
}

TEST_CASE("an option without value and default is absent, and reads as nothing") {
  const Settings file = sink("file:///x");
  CHECK_FALSE(file.has("rotate"));
  CHECK(file.has("keep"));
  CHECK(file.bytes("rotate") == 0);
  CHECK(file.duration("rotate_every").count() == 0);
  CHECK(sink("kafka://b:1/t").strings("tags").empty());
  CHECK(sink("kafka://b:1/t").numbers("weights") == std::vector<double>{1, 2});
  CHECK(sink("kafka://b:1/t").boolean("idempotent"));
  CHECK(sink("kafka://b:1/t").string("password").empty());
  CHECK(file.objects("none").empty());
}

TEST_CASE("a value in a URL may hold anything when it is percent-encoded") {
  CHECK(sink("kafka://b:1/t?password=a%26b%3D%25%3F").string("password") == "a&b=%?");
  CHECK(sink("kafka://b:1/t?tags=a%2Cb,c").strings("tags") == std::vector<std::string>{"a,b", "c"});
}

TEST_CASE("the masked URL is canonical: sorted, without defaults and secrets") {
  CHECK(sink("stdout").masked() == "stdout");
  CHECK(sink("tcp://:1?timeout=1s&framing=octet").masked() ==
        "tcp://127.0.0.1:1?framing=octet&timeout=1s");
  CHECK(sink("tcp://[::1]:1").masked() == "tcp://[::1]:1");
  CHECK(sink("unix:/x").masked() == "unix:///x");
  CHECK(sink("file:///l/{a ? b : c}/%Y-$${X}?mode=0600").masked() ==
        "file:///l/{a ? b : c}/%Y-$${X}?mode=0600");
  CHECK(sink("kafka://b:1,c:2/t?password=hunter2&tags=x,y%2Cz").masked() ==
        "kafka://b:1,c:2/t?password=***&tags=x,y%2Cz");
}

TEST_CASE("the masked URL loads as the same component") {
  const std::string long_value = "${X}";
  for (const std::string url :
       {"stdout?encoding=json", "tcp://h:1?timeout=1s", "file:///l/{app}/%Y.log?rotate=1MiB&keep=3",
        "kafka://b:1,[::1]:2/t-{app}?tags=a%2Cb,c&key=a%26%26b", "file:///$${a}"}) {
    const Settings first = sink(url);
    CHECK(sink(first.masked()).same_as(first));
  }
  const Settings odd = sink("kafka://b:1/t?key=${V}", {{"V", "a && b %41 $${x} ${y}"}});
  CHECK(sink(odd.masked()).string("key") == odd.string("key"));
}

TEST_CASE("what came from a secret file is masked wherever it stands") {
  const TempDir dir;
  dir.write("s", "hunter2\n");
  dir.write("port", "77");
  const std::string file = "${file:" + (dir / "s") + "}";
  CHECK(sink("unix:///x/" + file).masked() == "unix:///***");
  CHECK(sink("unix:///x/" + file).path() == "/x/hunter2");
  CHECK(sink("tcp://" + file + ":1").masked() == "tcp://***");
  CHECK(sink("tcp://h:${file:" + (dir / "port") + "}").masked() == "tcp://***");
  CHECK(sink("kafka://b:1," + file + ":2/t").masked() == "kafka://***/t");
  CHECK(sink("kafka://b:1/" + file).masked() == "kafka://b:1/***");
  CHECK(sink("kafka://b:1/t?tags=a," + file).masked() == "kafka://b:1/t?tags=***");
  CHECK(sink("file:///x?mode=" + file).masked() == "file:///x?mode=***");
}

TEST_CASE("settings are the same if they make the same component") {
  const Settings first = sink("tcp://h:1?timeout=1s");
  CHECK(first.same_as(sink("tcp://h:1?timeout=1s&framing=newline")));  // The default, written out.
  CHECK_FALSE(first.same_as(sink("tcp://h:1?timeout=2s")));
  CHECK_FALSE(first.same_as(sink("tcp://h:2?timeout=1s")));
  CHECK_FALSE(first.same_as(sink("tcp://g:1?timeout=1s")));
  CHECK_FALSE(sink("unix:///x").same_as(sink("unix:///y")));
  CHECK_FALSE(sink("stdout").same_as(sink("blackhole")));
  CHECK_FALSE(sink("kafka://b:1/t?password=a").same_as(sink("kafka://b:1/t?password=b")));
  CHECK_FALSE(sink("kafka://b:1/t?tags=a,b").same_as(sink("kafka://b:1/t?tags=a%2Cb")));
  CHECK_FALSE(sink("kafka://b:1/t").same_as(sink("kafka://b:1,c:1/t")));
}

TEST_CASE("objects count in what is the same") {
  const auto metrics = [](const std::string& list) {
    return load_yaml(with_sink("{url: prometheus, metrics: " + list + "}")).sinks[0];
  };
  CHECK(metrics("[{name: a}]").same_as(metrics("[{name: a, type: counter}]")));
  CHECK_FALSE(metrics("[{name: a}]").same_as(metrics("[{name: b}]")));
  CHECK_FALSE(metrics("[{name: a}]").same_as(metrics("[{name: a}, {name: b}]")));
}
