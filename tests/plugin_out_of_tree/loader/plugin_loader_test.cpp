#include "router/topology/plugin_loader.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <stdexcept>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using weir::load_plugin;
using weir::SinkRegistry;
using weir::test::TempDir;

namespace {

std::string plugin(const std::string& kind) {
  return std::string(WEIR_PLUGIN_DIR) + "/libplugin_" + kind + ".so";
}

/// What load_plugin says against `path`; "" where it takes it.
std::string complaint(const std::string& path) {
  SinkRegistry registry;
  try {
    load_plugin(path, registry);
  } catch (const std::runtime_error& error) {
    CHECK(registry.plugins().empty());
    return error.what();
  }
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a plugin from a shared object is registered, and its sinks work") {
  SinkRegistry registry;
  load_plugin(plugin("good"), registry);
  const weir::SinkPlugin* loaded = registry.find("loaded");
  REQUIRE(loaded != nullptr);
  // A context that it does not use.
  struct NoContext final : weir::SinkContext {
    std::size_t column(std::string_view, const weir::Settings&, std::string_view,
                       std::size_t) override {
      return 0;
    }
    bool is_relied_on() override { return false; }
    void expose(std::weak_ptr<prometheus::Collectable>) override {}
    void log_info(std::string_view) override {}
    void log_warning(std::string_view) override {}
  } context;
  const auto sink = loaded->make(weir::Settings(), context);
  CHECK(sink->traits().deliveries_max == 7);

  struct Owner final : weir::DeliveryOwner {
    void settle(weir::Batch, std::uint64_t, weir::Fate fate) noexcept override {
      delivered = fate.delivered;
    }
    bool delivered = false;
  } owner;
  sink->write(weir::Delivery(weir::Batch(), 1, owner));
  CHECK(owner.delivered);
}

TEST_CASE("a plugin may be loaded again for a new registry, and not twice for one") {
  SinkRegistry registry;
  load_plugin(plugin("good"), registry);
  SinkRegistry after_reload;
  load_plugin(plugin("good"), after_reload);
  CHECK(after_reload.find("loaded") != nullptr);
  CHECK_THROWS_AS(load_plugin(plugin("good"), registry), std::runtime_error);
}

TEST_CASE("what is not a plugin is refused with the reason") {
  CHECK(contains(complaint("/nowhere/plugin.so"), "/nowhere/plugin.so: No such file"));
  CHECK(contains(complaint(WEIR_PLUGIN_DIR), "not a file"));
  CHECK(contains(complaint(plugin("other_abi")),
                 fmt::format("built for plugin interface {}", WEIR_PLUGIN_ABI + 1)));
  CHECK(contains(complaint(plugin("no_abi")), "no symbol weir_plugin_abi"));
  CHECK(contains(complaint(plugin("no_register")), "no function weir_register"));
  CHECK(contains(complaint(plugin("refuses_to_register")), "the licence has run out"));
  CHECK(contains(complaint(plugin("undefined_symbol")), "gone_with_the_last_version"));
  CHECK(contains(complaint(plugin("undefined_symbol")), "another version of weir"));

  const TempDir directory;
  directory.write("text.so", "not an object at all");
  CHECK(contains(complaint(directory / "text.so"), "text.so"));
}

TEST_CASE("a plugin that everyone may change is refused") {
  const TempDir directory;
  const std::string copy = directory / "plugin.so";
  std::filesystem::copy_file(plugin("good"), copy);
  CHECK(complaint(copy).empty());
  REQUIRE(::chmod(copy.c_str(), 0757) == 0);
  CHECK(contains(complaint(copy), "everyone may write to this file"));
  REQUIRE(::chmod(copy.c_str(), 0755) == 0);

  // A symlink does not hide it.
  REQUIRE(::chmod(directory.path().c_str(), 0757) == 0);
  const TempDir other;
  std::filesystem::create_symlink(copy, other / "link.so");
  CHECK(contains(complaint(other / "link.so"), "everyone may write to its directory"));
  REQUIRE(::chmod(directory.path().c_str(), 01757) == 0);
  CHECK(complaint(other / "link.so").empty());
}
