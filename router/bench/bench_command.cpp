#include "router/bench/bench_command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <ostream>

#include "config/error.hpp"
#include "config/units.hpp"
#include "router/base/clock.hpp"
#include "router/base/fd.hpp"
#include "router/bench/bench_run.hpp"
#include "router/bench/collect/compression.hpp"
#include "router/bench/generate/generator.hpp"
#include "router/bench/verify_files.hpp"
#include "router/telemetry/text_table.hpp"

namespace weir::bench {
namespace {

constexpr int kClean = 0;
constexpr int kFailure = 1;

/// CLI11's own checks name the largest double as a limit, and -1 would become a large seed.
CLI::Validator not_below(double least) {
  return {[least](const std::string& text) {
            double number = 0;
            const bool fits = parse_number(text, number) && number >= least;
            return fits ? std::string()
                        : fmt::format("{}: a number from {} on is wanted", text, least);
          },
          "", ""};
}

void add_event_options(CLI::App& app, BenchWords& words) {
  app.add_option("--events", words.events, "how many in all: 1000, 250k, 5M");
  app.add_option("--size", words.size, "bytes of an event: 400, 200..600, 256KiB")
      ->capture_default_str();
  app.add_option("--payload", words.payload, "a file whose lines are sent instead, stamped");
  app.add_option("--format", words.format, "json, text, syslog5424 or syslog3164")
      ->capture_default_str();
  app.add_option("--seed", words.seed, "the same seed makes the same events")
      ->capture_default_str()
      ->check(not_below(0));
}

void add_result_options(CLI::App& app, BenchWords& words) {
  app.add_option("--json", words.json, "write the result to this file, as JSON; - for stdout");
  app.add_flag("--allow-loss", words.allow_loss, "missing events are no failure");
}

/// Before the run: after it, what was measured would be lost.
void refuse_unwritable(const std::string& option, const std::string& path) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (!file) {
    throw ConfigError({}, option + " " + path + " cannot be written: " + std::strerror(errno));
  }
}

/// All its lines would be "other lines".
void refuse_compressed(const std::string& path) {
  std::array<char, 8> begin{};
  std::ifstream file(path, std::ios::binary);
  if (path == "-" || !file.read(begin.data(), begin.size())) return;
  if (const auto kind = compression_of({begin.data(), begin.size()})) {
    throw ConfigError({}, path + " is compressed (" + std::string(*kind) + ") and cannot be read",
                      "unpack it first; - verifies standard input");
  }
}

}  // namespace

BenchCommand::BenchCommand(CLI::App& app)
    : app_(app.add_subcommand(
          "bench", "measure a log router: send, collect, verify; `-- COMMAND` starts it")) {
  app_->require_subcommand(0, 1);
  app_->add_option("--to", words_.to,
                   "where to send: tcp://, udp://, unix://, unix+dgram://, stdout");
  app_->add_option("--collect", words_.collect,
                   "where it comes out: a file or glob, stdin; tcp://, udp://, unix://, http:// "
                   "(each listens), kafka://HOST:PORT/TOPIC")
      ->allow_extra_args(false);
  app_->add_option("--connections", words_.connections, "each is a stream of its own")
      ->capture_default_str();
  app_->add_option("--rate", words_.rate, "events per second in all; else as fast as taken");
  app_->add_option("--duration", words_.duration, "10s where --events is not given either");
  app_->add_option("--connect-timeout", words_.connect_timeout, "for a router that is starting")
      ->capture_default_str();
  app_->add_option("--stall-timeout", words_.stall_timeout,
                   "a target that takes nothing for so long")
      ->capture_default_str();
  app_->add_option("--settle", words_.settle,
                   "while events are missing, the end is when nothing new has come for so long")
      ->capture_default_str();
  app_->add_option("--late", words_.late,
                   "once all have come, the end is when nothing has for so long: late copies; "
                   "without --collect, so long the peer may close or break off")
      ->capture_default_str();
  app_->add_option(
          "--stop-timeout", words_.stop_timeout,
          "the router of `-- COMMAND` is killed if it does not end on SIGTERM in that time")
      ->capture_default_str();
  app_->add_option("--pid", words_.pid, "measure this process and its children")
      ->check(not_below(1));
  app_->add_flag("--quiet", words_.quiet, "no progress");
  add_event_options(*app_, words_);
  add_result_options(*app_, words_);

  generate_ = app_->add_subcommand("generate", "only send, to standard output");
  add_event_options(*generate_, words_);
  generate_->footer(
      "The number of the run, by which verify knows its events, is --seed mod 65536.");
  generate_->add_option("--rate", words_.rate, "events per second");
  generate_->add_option("--duration", words_.duration, "instead of --events, or the earlier end");
  verify_ = app_->add_subcommand("verify", "only verify what is in files, - for stdin");
  verify_->add_option("FILE", words_.files, "each file is judged for itself")->required();
  verify_->add_option("--events", words_.events, "how many were sent in all");
  verify_->add_option("--connections", words_.connections, "over how many they were sent")
      ->capture_default_str();
  add_result_options(*verify_, words_);
}

int BenchCommand::run(std::vector<std::string> command, std::ostream& out, std::ostream& errors) {
  std::signal(SIGPIPE, SIG_IGN);
  words_.command = std::move(command);
  refuse_what_does_not_fit();
  if (!words_.json.empty() && words_.json != "-") refuse_unwritable("--json", words_.json);
  if (*generate_) return generate(errors);
  if (*verify_) return verify(out, errors);
  return measure(out, errors);
}

void BenchCommand::refuse_what_does_not_fit() const {
  const CLI::App* const part = *generate_ ? generate_ : *verify_ ? verify_ : nullptr;
  if (part != nullptr) {
    const std::string name = "`weir bench " + part->get_name() + '`';
    if (!words_.command.empty()) {
      throw ConfigError({}, name + " starts no router: nothing may stand behind --",
                        "weir bench --to … -- COMMAND");
    }
    for (const CLI::Option* option : app_->get_options()) {
      if (option->count() == 0) continue;
      throw ConfigError(
          {}, option->get_name() + " before " + part->get_name() + " has no meaning for " + name,
          "options come behind it; " + name + " --help lists them");
    }
    return;
  }
  if (words_.pid != 0 && !words_.command.empty()) {
    throw ConfigError({}, "--pid and a command behind -- do not go together",
                      "either the router runs already, or it is started");
  }
  if (words_.to == "stdout" && words_.json == "-") {
    throw ConfigError({}, "--to stdout and --json - both write to standard output", "--json FILE");
  }
}

int BenchCommand::measure(std::ostream& out, std::ostream& errors) {
  if (words_.to.empty())
    throw ConfigError({}, "--to is missing", "for example tcp://127.0.0.1:5170");
  const bool shows = !words_.quiet && ::isatty(STDERR_FILENO) != 0;
  const auto progress = [&](const Progress& now) {
    if (!shows) return;
    errors << fmt::format("\r{:6.1f} s  {} sent", now.seconds, grouped(now.issued));
    if (now.seen != 0) errors << fmt::format("  {} came out", grouped(now.seen));
    errors << "   " << std::flush;
  };
  try {
    const auto say = [&](const std::string& line) {
      errors << (shows ? "\r\33[K" : "") << "weir bench: " << line << '\n' << std::flush;
    };
    const BenchResult result = run_bench(words_, {.progress = progress, .say = say});
    if (shows) errors << "\r\33[K";
    return report(result, words_.to == "stdout" ? errors : out, errors);
  } catch (const std::runtime_error& error) {
    if (dynamic_cast<const ConfigError*>(&error) != nullptr) throw;
    errors << "weir bench: " << error.what() << '\n';
    return kFailure;
  }
}

int BenchCommand::generate(std::ostream& errors) {
  if (words_.events.empty() && words_.duration.empty()) {
    throw ConfigError({}, "--events is missing", "for example 100k; or --duration");
  }
  EventSet events(event_set_options(words_));
  GeneratorOptions options;
  options.to = parse_target("stdout");
  if (!words_.events.empty()) options.events = parse_count("--events", words_.events);
  if (!words_.duration.empty()) {
    options.duration = parse_some_time("--duration", words_.duration);
  }
  if (!words_.rate.empty()) options.rate = parse_rate(words_.rate);
  options.run = static_cast<std::uint16_t>(words_.seed);
  options.stall_timeout = {};  // Who reads may take its time; who is gone has closed the pipe.
  Generator generator(options, events);
  generator.run();
  for (const std::string& failure : generator.failures())
    errors << "weir bench: " << failure << '\n';
  return generator.failures().empty() ? kClean : kFailure;
}

int BenchCommand::verify(std::ostream& out, std::ostream& errors) {
  std::optional<std::uint64_t> events;
  if (!words_.events.empty()) events = parse_count("--events", words_.events);
  check_connections(words_);
  for (const std::string& file : words_.files) refuse_compressed(file);
  BenchResult result;
  StreamsVerdict found = verify_files(words_.files, events, words_.connections);
  result.verdict = std::move(found.verdict);
  if (found.more_than_events != 0) {
    result.failures.push_back(grouped(found.more_than_events) + " events more than --events " +
                              words_.events + ", or of more --connections");
  }
  return report(result, out, errors);
}

int BenchCommand::report(const BenchResult& result, std::ostream& out, std::ostream& errors) {
  const bool json_to_stdout = words_.json == "-";
  if (!json_to_stdout) out << to_text(result, words_.allow_loss);
  const std::string json = to_json(result, words_.allow_loss);
  if (json_to_stdout) {
    out << json;
  } else if (!words_.json.empty()) {
    std::ofstream file(words_.json, std::ios::trunc);
    file << json;
    file.close();
    if (!file) {
      errors << "weir bench: cannot write " << words_.json << '\n';
      return kFailure;
    }
  }
  out.flush();
  if (!out) {
    errors << "weir bench: cannot write the report\n";
    return kFailure;
  }
  if (result.interrupted_by != 0) return 128 + result.interrupted_by;
  return result.passed(words_.allow_loss) ? kClean : kFailure;
}

}  // namespace weir::bench
