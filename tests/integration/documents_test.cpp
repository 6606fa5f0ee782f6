#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

// What the documents and deploy/ show has to work: every configuration in them loads.

namespace {

namespace fs = std::filesystem;

/// The lines of `text` from behind each line equal to `begin` up to where `ends` says.
template <class Ends>
std::vector<std::string> blocks(const std::string& text, const std::string& begin, Ends ends) {
  std::vector<std::string> found;
  bool inside = false;
  for (const std::string& line : lines_of(text)) {
    if (inside && ends(line)) inside = false;
    if (inside) found.back() += line + "\n";
    if (line == begin) {
      inside = true;
      found.emplace_back();
    }
  }
  return found;
}

std::vector<std::string> yaml_of_markdown(const fs::path& file) {
  return blocks(content_of(file), "```yaml", [](const std::string& line) { return line == "```"; });
}

/// The `weir.yaml: |` of a ConfigMap; YAML takes its indentation as it is.
std::vector<std::string> yaml_of_manifest(const fs::path& file) {
  return blocks(content_of(file), "  weir.yaml: |",
                [](const std::string& line) { return !line.starts_with("    "); });
}

void check_all(const std::vector<std::string>& configurations) {
  REQUIRE_FALSE(configurations.empty());
  for (const std::string& yaml : configurations) {
    const TempDir scratch;
    scratch.write("weir.yaml", yaml);
    std::map<std::string, std::string> environment = {{"PORT", "5170"}, {"HOSTNAME", "weir-0"}};
    // A plugin's page may show its sink alone.
    if (yaml.find("sources:") == std::string::npos) environment["WEIR_SOURCE_ANY"] = "stdin";
    const Finished finished = run_weir({"check", "-c", scratch / "weir.yaml"}, "", environment);
    INFO(yaml << finished.err);
    CHECK(finished.exit_code == 0);
  }
}

const fs::path kRoot = WEIR_ROOT;

}  // namespace

TEST_CASE("the configurations in the documents load") {
  check_all(yaml_of_markdown(kRoot / "README.md"));
  check_all(yaml_of_markdown(kRoot / "router/ingest/HTTP.md"));
  for (const fs::directory_entry& plugin : fs::directory_iterator(kRoot / "plugins")) {
    const fs::path readme = plugin.path() / "README.md";
    const auto shown = yaml_of_markdown(readme);
    if (!shown.empty()) check_all(shown);
  }
}

TEST_CASE("the configurations in deploy/ load") {
  check_all({content_of(kRoot / "deploy/weir.yaml")});
  check_all({content_of(kRoot / "deploy/scaled_out/sidecar.yaml")});
  check_all({content_of(kRoot / "deploy/scaled_out/drain.yaml")});
  check_all(yaml_of_manifest(kRoot / "deploy/kubernetes/sidecar.yaml"));
  check_all(yaml_of_manifest(kRoot / "deploy/kubernetes/drain.yaml"));
}
