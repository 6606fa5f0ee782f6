// weir: the command line. The one file that knows the plugins.

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "plugins/builtin.hpp"
#include "router/bench/bench_command.hpp"
#include "router/main/check_command.hpp"
#include "router/main/explain_command.hpp"
#include "router/main/ledger_command.hpp"
#include "router/main/load_plan.hpp"
#include "router/main/spool_command.hpp"
#include "router/main/top_command.hpp"
#include "router/replay/dead_letter_command.hpp"
#include "router/replay/replay_command.hpp"
#include "router/telemetry/log.hpp"
#include "router/telemetry/metrics.hpp"
#include "router/topology/schema.hpp"
#include "router/topology/service.hpp"

namespace {

using weir::CommandLine;

/// The words of the command line, divided at `--`.
struct Words {
  std::vector<std::string> ours;
  std::vector<std::string> command;
  bool are_divided = false;
};

constexpr const char* kCommands[] = {"run",    "check",       "explain", "ledger", "top",
                                     "replay", "dead-letter", "spool",   "schema", "bench"};

bool is_command(const std::string& word) {
  for (const char* command : kCommands) {
    if (word == command) return true;
  }
  return false;
}

Words divide(int argc, char** argv) {
  Words words;
  int i = 1;
  for (; i < argc && std::string_view(argv[i]) != "--"; ++i) words.ours.emplace_back(argv[i]);
  words.are_divided = i < argc;
  for (++i; i < argc; ++i) words.command.emplace_back(argv[i]);
  // `run` may be left out.
  if (!words.ours.empty() && words.ours[0] == "help") words.ours[0] = "--help";
  const bool asks_weir =
      !words.ours.empty() &&
      (words.ours[0] == "--help" || words.ours[0] == "-h" || words.ours[0] == "--version");
  if (!words.ours.empty() && !words.ours[0].starts_with('-') && !is_command(words.ours[0])) {
    const std::vector<std::string> known(std::begin(kCommands), std::end(kCommands));
    throw weir::ConfigError({}, "there is no command \"" + words.ours[0] + '"',
                            weir::suggest(words.ours[0], known));
  }
  if (words.ours.empty() || (!is_command(words.ours[0]) && !asks_weir)) {
    words.ours.insert(words.ours.begin(), "run");
  }
  return words;
}

void add_configuration_options(CLI::App& command, CommandLine& line) {
  command.add_option("-c,--config", line.config_file, "YAML file (or WEIR_CONFIG)");
  command.add_option("--from", line.from, "a source: tcp://127.0.0.1:5170, udp://…, stdin, …")
      ->allow_extra_args(false);
  command.add_option("--to", line.to, "a sink: file:///var/log/{app}.log, stdout, …")
      ->allow_extra_args(false);
  command.add_option("--when", line.when, "only events for which this condition holds");
  command.add_option("--admin", line.admin, "HOST:PORT of the admin port");
  command.add_option("--control", line.control_socket, "path of the control socket");
}

int run(const CommandLine& line) {
  weir::Log log(weir::log_options(weir::load_config(line)));
  weir::Metrics metrics(WEIR_VERSION);
  const auto load = [&] { return weir::load_plan(line, log, metrics); };
  weir::Service service(load(), load, metrics, log);
  return service.run();
}

int schema() {
  weir::SinkRegistry registry;
  weir::register_builtin(registry);
  std::cout << weir::json_schema(weir::make_schema(registry));
  return weir::kExitClean;
}

int parse_and_run(int argc, char** argv) {
  Words words = divide(argc, argv);
  CLI::App app{"weir: a router for log event streams", "weir"};
  app.set_version_flag("--version", "weir " WEIR_VERSION);
  app.require_subcommand(1);

  CommandLine line;
  line.command = words.command;
  CLI::App* const run_app =
      app.add_subcommand("run", "run the router; `-- COMMAND ARG…` wraps one");
  add_configuration_options(*run_app, line);

  CLI::App* const check =
      app.add_subcommand("check", "load everything, open nothing, say the plan");
  add_configuration_options(*check, line);

  CLI::App* const explain = app.add_subcommand("explain", "say what becomes of one event, and why");
  add_configuration_options(*explain, line);
  std::string event;
  CLI::Option* const event_given = explain->add_option("LINE", event, "the event; else from stdin");

  weir::LedgerCommand ledger;
  CLI::App* const ledger_app = app.add_subcommand("ledger", "where every event is");
  ledger_app->add_option("--control", ledger.control_socket, "path of the control socket")
      ->envname("WEIR_CONTROL_SOCKET");
  ledger_app->add_flag("--assert", ledger.assert_balance, "exit 1 if the books do not balance");
  ledger_app->add_flag("--json", ledger.json, "one JSON object");

  weir::TopCommand top;
  CLI::App* const top_app = app.add_subcommand("top", "live rates, queues, latency and loss");
  top_app->add_option("--control", top.control_socket, "path of the control socket")
      ->envname("WEIR_CONTROL_SOCKET");
  top_app->add_flag("--once", top.once, "one picture, then the end");

  const weir::ReplayCommand replay(app);
  weir::DeadLetterCommand dead_letter(app);
  const weir::SpoolCommand spool(app);
  CLI::App* const schema_app = app.add_subcommand("schema", "the JSON Schema of the YAML file");

  weir::bench::BenchCommand bench(app);

  // Most want `run`: its options are shown at once.
  app.footer(run_app->help("weir") + "\n`weir COMMAND --help` tells more. `run` may be left out.");
  try {
    std::vector<std::string> reversed(words.ours.rbegin(), words.ours.rend());
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::cerr << "weir: " << error.what() << "\n  `weir COMMAND --help` lists the options\n";
    return weir::kExitUsage;
  }
  if (*run_app) return run(line);
  if (*check) return weir::check_command(line, std::cout);
  if (*explain) {
    return weir::explain_command(line, *event_given ? &event : nullptr, std::cin, std::cout);
  }
  if (*ledger_app) return weir::ledger_command(ledger, std::cout, std::cerr);
  if (replay.chosen()) return replay.run(std::cout);
  if (dead_letter.chosen()) return dead_letter.run(std::cout, std::cerr);
  if (spool.chosen()) return spool.run(std::cout, std::cerr);
  if (*schema_app) return schema();
  if (bench.chosen()) {
    if (words.are_divided && words.command.empty()) {
      throw weir::ConfigError({}, "there is no command behind --");
    }
    return bench.run(words.command, std::cout, std::cerr);
  }
  top.is_terminal = ::isatty(STDOUT_FILENO) != 0;
  return weir::top_command(top, std::cout, std::cerr);
}

/// Where standard input, output or error is closed, the next descriptor that is opened would take
/// its number, and events would be written into a socket. /dev/null takes the place, opened the
/// wrong way round, so that using it fails.
void hold_standard_descriptors() noexcept {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    if (::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
      ::_exit(weir::kExitFailure);
  }
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_descriptors();
  try {
    return parse_and_run(argc, argv);
  } catch (const weir::ConfigError& error) {
    std::cerr << "weir: " << error.what() << '\n';
    return weir::kExitUsage;
  } catch (const weir::CommandError& error) {
    std::cerr << "weir: " << error.what() << '\n';
    return error.exit_code();
  } catch (const std::exception& error) {
    std::cerr << "weir: " << error.what() << '\n';
    return weir::kExitFailure;
  }
}
