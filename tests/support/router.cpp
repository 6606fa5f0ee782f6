#include "tests/support/router.hpp"

#include <signal.h>
#include <simdjson.h>

#include <charconv>
#include <sstream>
#include <stdexcept>

#include "tests/support/client.hpp"

namespace weir::test {
namespace {

std::uint64_t top_level_number(const std::string& json, const char* key) {
  simdjson::dom::parser parser;
  return parser.parse(json)[key].get_uint64();
}

}  // namespace

std::string weir_program() { return WEIR_PROGRAM; }

Finished run_weir(std::vector<std::string> arguments, std::string_view input,
                  std::map<std::string, std::string> environment) {
  const TempDir scratch;
  arguments.insert(arguments.begin(), weir_program());
  environment.try_emplace("WEIR_CONTROL_SOCKET", scratch / "control.sock");
  scratch.write("stdin", input);
  Process process({.arguments = std::move(arguments),
                   .environment = std::move(environment),
                   .directory = scratch.path(),
                   .stdin_file = scratch / "stdin"});
  const int exit_code = process.wait().value_or(-1);
  return {exit_code, process.stdout_text(), process.stderr_text()};
}

Books Books::of(std::string_view text) {
  Books books;
  std::istringstream lines{std::string(text)};
  simdjson::dom::parser parser;
  for (std::string line; std::getline(lines, line);) {
    simdjson::dom::element root;
    if (parser.parse(line).get(root) != simdjson::SUCCESS) continue;
    simdjson::dom::element balance;
    if (root["balance"].get(balance) != simdjson::SUCCESS) balance = root;
    if (balance["sinks"].error() == simdjson::SUCCESS) books.json_ = simdjson::minify(balance);
  }
  if (books.json_.empty()) throw std::runtime_error("no ledger in: " + std::string(text));
  return books;
}

std::uint64_t Books::number(std::string_view list, std::string_view name,
                            std::string_view pointer) const {
  simdjson::dom::parser parser;
  const simdjson::dom::element root = parser.parse(json_);
  for (const simdjson::dom::element component : root[list].get_array()) {
    std::uint64_t value = 0;
    if (std::string_view(component["name"]) != name) continue;
    if (component.at_pointer(pointer).get(value) != simdjson::SUCCESS) break;
    return value;
  }
  throw std::runtime_error(std::string(name) + std::string(pointer) + " is not in " + json_);
}

std::uint64_t Books::source(std::string_view name, std::string_view key) const {
  return number("sources", name, "/" + std::string(key));
}

std::uint64_t Books::sink(std::string_view name, std::string_view key) const {
  return number("sinks", name, "/" + std::string(key));
}

std::uint64_t Books::dropped(std::string_view component, std::string_view reason) const {
  simdjson::dom::parser parser;
  const simdjson::dom::element root = parser.parse(json_);
  for (const char* list : {"sources", "sinks"}) {
    for (const simdjson::dom::element each : root[list].get_array()) {
      std::uint64_t value = 0;
      if (std::string_view(each["name"]) != component) continue;
      // A reason that never occurred may be left out.
      if (each["dropped"][reason].get(value) == simdjson::SUCCESS) return value;
      return 0;
    }
  }
  throw std::runtime_error(std::string(component) + " is not in " + json_);
}

std::uint64_t Books::imbalance() const { return top_level_number(json_, "imbalance"); }
std::uint64_t Books::lost() const { return top_level_number(json_, "lost"); }

Router::Router(std::string_view yaml, const Options& options)
    : directory_(std::make_unique<TempDir>()), run_(std::make_unique<TempDir>()) {
  run_->write("weir.yaml", yaml);
  std::vector<std::string> arguments = options.wrapper;
  for (const std::string& each :
       {weir_program(), std::string("run"), std::string("-c"), *run_ / "weir.yaml"}) {
    arguments.push_back(each);
  }
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  std::map<std::string, std::string> environment = options.environment;
  environment.try_emplace("DIR", directory_->path().string());
  environment.try_emplace("WEIR_PORT_FILE", *run_ / "ports");
  environment.try_emplace("WEIR_CONTROL_SOCKET", control_socket());
  process_ = std::make_unique<Process>(Spawn{.arguments = std::move(arguments),
                                             .environment = std::move(environment),
                                             .directory = run_->path(),
                                             .stdin_descriptor = options.stdin_descriptor});
  if (!options.await_ready) return;
  await([&] { return ready() || process_->ended(); });
  if (!ready()) throw std::runtime_error("weir did not start:\n" + process_->stderr_text());
}

bool Router::ready() const { return std::filesystem::exists(*run_ / "ports"); }

std::uint16_t port_in(std::string_view port_file, std::string_view name) {
  simdjson::dom::parser parser;
  const simdjson::dom::element root = parser.parse(port_file.data(), port_file.size());
  std::string_view address;
  const auto found = name == "admin" ? root["admin"] : root["sources"][name];
  std::uint16_t port = 0;
  if (found.get(address) == simdjson::SUCCESS) {
    const std::string_view digits = address.substr(address.rfind(':') + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
  }
  if (port != 0) return port;
  throw std::runtime_error("no port of " + std::string(name) + " in " + std::string(port_file));
}

std::uint16_t Router::port(std::string_view name) const {
  return port_in(run_->read("ports"), name);
}

void Router::reload(std::string_view yaml) {
  run_->write("weir.yaml", yaml);
  process_->signal(SIGHUP);
}

std::optional<int> Router::stop() {
  process_->signal(SIGTERM);
  return process_->wait();
}

Books Router::books_now() const { return Books::of(http_get(port("admin"), "/ledger").body); }

}  // namespace weir::test
