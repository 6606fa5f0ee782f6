// Every configuration that comes with weir is loaded by weir, down to the last condition and
// template, and the JSON Schema beside them is the one that this program makes.

#include <filesystem>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/router.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using namespace weir::test;

const std::filesystem::path kConfig = WEIR_CONFIG_DIR;

std::vector<std::filesystem::path> shipped() {
  std::vector<std::filesystem::path> files;
  for (const auto& directory : {kConfig, kConfig / "examples"}) {
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      if (entry.path().extension() == ".yaml") files.push_back(entry.path());
    }
  }
  return files;
}

}  // namespace

TEST_CASE("every shipped configuration is right") {
  const auto files = shipped();
  CHECK(files.size() >= 7);
  for (const auto& file : files) {
    INFO(file);
    const Finished finished = run_weir({"check", "-c", file}, "", {{"WEIR_PORT_FILE", "/unused"}});
    INFO(finished.err);
    CHECK(finished.exit_code == 0);
  }
}

TEST_CASE("the shipped JSON Schema is the one that the program makes") {
  const Finished finished = run_weir({"schema"});
  REQUIRE(finished.exit_code == 0);
  CHECK(finished.out == content_of(kConfig / "weir.schema.json"));
}
