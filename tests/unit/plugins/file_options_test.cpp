#include "tests/unit/plugins/file_fixture.hpp"

using namespace weir;
using namespace weir::test;

namespace {

std::string error_of(const std::string& path,
                     const std::map<std::string, std::string>& options = {}) {
  FakeContext context;
  try {
    const SinkPlugin plugin = file::plugin();
    plugin.make(make_settings(plugin.spec, path, options), context);
  } catch (const ConfigError& error) {
    return error.message();
  }
  return "";
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a path needs a directory that no event can change", "[file]") {
  CHECK(error_of("/var/log/{app}/%Y.log") == "");
  CHECK(error_of("/logs/x") == "");
  CHECK(error_of("/logs/prefix-{app}") == "");
  CHECK(mentions(error_of("/{app}.log"), "must begin with a directory"));
  CHECK(mentions(error_of("/x.log"), "must begin with a directory"));
  CHECK(mentions(error_of("///x.log"), "must begin with a directory"));
  CHECK(mentions(error_of("/%Y/x.log"), "must begin with a directory"));
  CHECK(mentions(error_of("logs/x"), "absolute"));
  CHECK(mentions(error_of("/logs/"), "ends in a directory"));
  CHECK(mentions(error_of("/logs/../etc/x"), "`..`"));
  CHECK(mentions(error_of("/logs/{app}/.."), "`..`"));
  CHECK(mentions(error_of("/logs/{app}/../x"), "`..`"));
  CHECK(error_of("/logs/{app}..log") == "");
  CHECK(error_of("/logs/..{app}") == "");
}

TEST_CASE("options that cannot mean anything are refused", "[file]") {
  const std::string path = "/logs/x.log";
  CHECK(error_of(path, {{"rotate", "1GiB"}, {"keep", "3"}, {"compress", "zstd"}}) == "");
  CHECK(error_of(path, {{"rotate_every", "1h"}, {"compress", "gzip"}}) == "");
  CHECK(mentions(error_of(path, {{"rotate", "0"}}), "0 bytes"));
  CHECK(mentions(error_of(path, {{"rotate_every", "10ms"}}), "once a second"));
  CHECK(mentions(error_of(path, {{"keep", "3"}}), "do not rotate"));
  CHECK(mentions(error_of(path, {{"compress", "zstd"}}), "do not rotate"));
  CHECK(mentions(error_of(path, {{"max_open_files", "0"}}), "at least one"));
  CHECK(mentions(error_of(path, {{"mode", "0999"}}), "not a file mode"));
  CHECK(mentions(error_of(path, {{"mode", "rw"}}), "not a file mode"));
  CHECK(mentions(error_of(path, {{"mode", "01777"}}), "not a file mode"));
  CHECK(mentions(error_of(path, {{"mode", "0044"}}), "owner"));
  CHECK(mentions(error_of(path, {{"sync", "interval"}, {"sync_interval", "0s"}}), "cannot be 0"));
  CHECK(mentions(error_of("/logs/a@b", {{"rotate", "1KiB"}}), "`@`"));
  CHECK(error_of("/logs/a@b") == "");
  CHECK(error_of("/logs/a@b/{app}", {{"rotate", "1KiB"}}) == "");
}

TEST_CASE("every default of the file sink has the form of its option", "[file]") {
  const ComponentSpec spec = file::plugin().spec;
  CHECK(spec.scheme == "file");
  CHECK(spec.address == AddressForm::Path);
  for (const OptionSpec& option : spec.options) {
    INFO(option.name);
    CHECK_FALSE(option.help.empty());
    std::uint64_t bytes = 0;
    std::chrono::milliseconds duration{};
    if (option.fallback.empty()) continue;
    if (option.type == OptionType::Size) CHECK(parse_bytes(option.fallback, bytes));
    if (option.type == OptionType::Duration) CHECK(parse_duration(option.fallback, duration));
  }
}
