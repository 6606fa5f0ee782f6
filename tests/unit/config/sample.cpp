#include "tests/unit/config/sample.hpp"

#include "tests/support/catch.hpp"

namespace weir::test {

Config load_yaml(const std::string& yaml, const Environment& environment,
                 const CommandLine& command_line) {
  if (yaml.empty()) return load(command_line, environment, sample_schema(), {});
  return load_text("weir.yaml", yaml, command_line, environment, sample_schema(), {});
}

ConfigError error_of(const std::string& yaml, const Environment& environment,
                     const CommandLine& command_line) {
  try {
    load_yaml(yaml, environment, command_line);
  } catch (const ConfigError& error) {
    return error;
  }
  FAIL("no error in:\n" << yaml);
  return ConfigError({}, "not reached");
}

void check_error(const std::string& yaml, const std::string& message, const std::string& hint,
                 const Environment& environment) {
  const std::size_t marker = yaml.find("@@");
  REQUIRE(marker != std::string::npos);
  std::size_t line = 1;
  std::size_t column = 1;
  for (const char c : yaml.substr(0, marker)) {
    column = c == '\n' ? 1 : column + 1;
    line += c == '\n' ? 1 : 0;
  }
  std::string clean = yaml;
  clean.erase(marker, 2);
  const ConfigError error = error_of(clean, environment);
  INFO(yaml << "\n" << error.what());
  CHECK(error.where().origin == "weir.yaml");
  CHECK(error.where().line == line);
  CHECK(error.where().column == column);
  CHECK(contains(error.message(), message));
  CHECK(contains(error.hint(), hint));
}

std::string with_source(const std::string& source) {
  return "sources:\n  a: " + source + "\nsinks: {out: stdout}\n";
}

std::string with_sink(const std::string& sink) {
  return "sources: {in: stdin}\nsinks:\n  a: " + sink + "\n";
}

std::string with_routes(const std::string& routes) {
  return "sources: {in: stdin}\nsinks: {a: stdout, b: blackhole, c: blackhole}\nroutes:\n" + routes;
}

}  // namespace weir::test
