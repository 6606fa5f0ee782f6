// Every configuration that comes with weir is loaded by weir, down to the last condition and
// template, and the JSON Schema beside them is the one that this program makes.

#include <boost/json.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/router.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using namespace weir::test;
namespace json = boost::json;

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

std::string default_text(const json::value& fallback) {
  return fallback.is_string() ? std::string(fallback.as_string()) : json::serialize(fallback);
}

/// The reference file with the lines that are commented out taken in: those have one "#" and no
/// space behind it; prose has a space.
std::string reference_with_everything() {
  std::string text;
  for (const std::string& line : lines_of(content_of(kConfig / "weir.yaml"))) {
    const std::size_t hash = line.find_first_not_of(' ');
    const bool is_off = hash != std::string::npos && line[hash] == '#' && hash + 1 < line.size() &&
                        line[hash + 1] != ' ' && line[hash + 1] != '#';
    text += is_off ? line.substr(0, hash) + line.substr(hash + 1) : line;
    text += '\n';
  }
  return text;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// The files that the reference file names.
void write_credentials(const TempDir& directory) {
  const Authority authority("shipped");
  const Credentials own = authority.issue("DNS:localhost");
  for (const char* name : {"ca.pem", "clients.pem"}) directory.write(name, authority.pem());
  for (const char* name : {"server", "client"}) {
    directory.write(std::string(name) + ".pem", own.cert);
    directory.write(std::string(name) + ".key", own.key);
  }
  for (const char* name : {"kafka", "token", "forward", "user"}) directory.write(name, "hush");
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

TEST_CASE("the reference file names every option with its default") {
  const std::string text = content_of(kConfig / "weir.yaml");
  const json::value schema = json::parse(run_weir({"schema"}).out);
  int defaults = 0;
  for (const auto& [component, definition] : schema.at("$defs").as_object()) {
    for (const auto& [name, option] : definition.at("properties").as_object()) {
      INFO(component << " " << name);
      const std::string key = std::string(name) + ":";
      CHECK(text.find(key) != std::string::npos);
      const json::value* fallback = option.as_object().if_contains("default");
      if (fallback == nullptr) continue;
      CHECK(text.find(key + " " + default_text(*fallback)) != std::string::npos);
      ++defaults;
    }
  }
  CHECK(defaults > 50);
}

TEST_CASE("the reference file is right with everything in it taken in") {
  const TempDir directory;
  write_credentials(directory);
  std::string text = reference_with_everything();
  for (const char* folder : {"/etc/weir/tls", "/run/secrets"}) {
    text = replaced(text, folder, directory.path());
  }
  directory.write("weir.yaml", text);
  const Finished finished = run_weir({"check", "-c", directory / "weir.yaml"});
  INFO(text);
  INFO(finished.err);
  CHECK(finished.exit_code == 0);
}
