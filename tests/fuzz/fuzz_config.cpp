// Configuration: any text loads or is a ConfigError that says something.

#include "config/load.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/unit/config/sample.hpp"

std::vector<std::string> weir::fuzz::seeds() {
  return {
      "sources: {a: 'tcp://127.0.0.1:0?framing=octet'}\nsinks: {b: stdout}\n",
      "admin: 127.0.0.1:${PORT}\nsources:\n  a:\n    url: udp://[::1]:1\n    "
      "max_event_bytes: 64KiB\nroutes:\n  r: {when: 'level == \"x\"', to: [b]}\nsinks:\n  b: "
      "file:///tmp/{app}/%Y?rotate=1MiB\n",
      "sources: {a: stdin}\nsinks:\n  m:\n    url: prometheus\n    metrics:\n      - &m {name: n, "
      "type: counter, labels: [app]}\n      - *m\n",
      "%YAML 1.2\n---\nsources: &s {a: !tag stdin}\nsinks: {<<: *s, b: '${A:-x}${B:?gone}'}\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const weir::Environment environment{{"A", "value"}, {"PORT", "5170"}};
  const std::string text(weir::fuzz::text_of(data, size));
  try {
    weir::load_text("fuzz.yaml", text, {}, environment, weir::test::sample_schema(), {});
  } catch (const weir::ConfigError& error) {
    WEIR_ASSERT(!error.message().empty());
  }
  return 0;
}
