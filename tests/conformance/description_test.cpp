#include <algorithm>
#include <filesystem>

#include "config/error.hpp"
#include "plugins/builtin.hpp"
#include "tests/conformance/destination.hpp"
#include "tests/conformance/rig.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using weir::OptionSpec;
using weir::OptionType;
using weir::SinkRegistry;
using weir::test::content_of;
using weir::test::destination_rows;
using weir::test::DestinationRow;
using weir::test::settings_of;

namespace {

void check_option(const OptionSpec& option, const std::string& readme) {
  INFO("option " << option.name);
  CHECK_FALSE(option.name.empty());
  CHECK((!option.help.empty() && option.help.back() == '.'));  // A sentence.
  CHECK((option.type == OptionType::Choice) == !option.choices.empty());
  CHECK((option.type == OptionType::Objects) == !option.members.empty());
  const bool is_in_readme = readme.find("`" + option.name + "`") != std::string::npos;
  CHECK(is_in_readme);
  for (const OptionSpec& member : option.members) check_option(member, readme);
}

}  // namespace

TEST_CASE("every sink has a README that names each of its options") {
  SinkRegistry registry;
  weir::register_builtin(registry);
  for (const DestinationRow& row : destination_rows()) {
    INFO("sink " << row.scheme);
    const std::filesystem::path folder = std::filesystem::path(WEIR_PLUGINS_DIR) / row.folder;
    const std::string readme = content_of(folder / "README.md");
    CHECK_FALSE(readme.empty());
    const bool names_itself = readme.find(row.scheme) != std::string::npos;
    CHECK(names_itself);
    REQUIRE(registry.find(row.scheme) != nullptr);
    const weir::ComponentSpec& spec = registry.find(row.scheme)->spec;
    CHECK((!spec.help.empty() && spec.help.back() == '.'));
    for (const OptionSpec& option : spec.options) check_option(option, readme);
  }
}

TEST_CASE("every sink takes its own options and the common ones, and refuses others") {
  for (const DestinationRow& row : destination_rows()) {
    INFO("sink " << row.scheme);
    std::vector<std::string> yaml = row.make()->yaml();
    CHECK(settings_of(yaml).scheme() == row.scheme);

    auto common = yaml;
    common.insert(common.begin() + 1, {"buffer: 1MiB", "when_full: drop_newest"});
    CHECK_NOTHROW(settings_of(common));

    auto unknown = yaml;
    unknown.insert(unknown.begin() + 1, "no_such_option: 1");
    CHECK_THROWS_AS(settings_of(unknown), weir::ConfigError);

    auto near = yaml;
    near.insert(near.begin() + 1, "encodign: json");
    std::string hint;
    try {
      (void)settings_of(near);
    } catch (const weir::ConfigError& error) {
      hint = error.hint();
    }
    CHECK(hint == "did you mean \"encoding\"?");
  }
}

TEST_CASE("a sink's spec is usable as it stands: defaults are valid, names are told apart") {
  SinkRegistry registry;
  weir::register_builtin(registry);
  for (const DestinationRow& row : destination_rows()) {
    INFO("sink " << row.scheme);
    const weir::Settings settings = settings_of(row.make()->yaml());
    std::vector<std::string> names;
    for (const OptionSpec& option : registry.find(row.scheme)->spec.options) {
      INFO("option " << option.name);
      CHECK(std::count(names.begin(), names.end(), option.name) == 0);
      names.push_back(option.name);
      CHECK((option.fallback.empty() || settings.has(option.name)));
    }
  }
}
