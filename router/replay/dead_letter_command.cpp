#include "router/replay/dead_letter_command.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <ostream>

#include "config/error.hpp"
#include "router/replay/command_values.hpp"
#include "router/replay/letter_purge.hpp"
#include "router/replay/letter_text.hpp"
#include "router/telemetry/printable.hpp"
#include "router/topology/service.hpp"

namespace weir {
namespace {

/// Sinks that letters may name; a file that was made up could name any number.
constexpr std::size_t kSinksMax = 1000;

}  // namespace

DeadLetterCommand::DeadLetterCommand(CLI::App& app)
    : command_(app.add_subcommand("dead-letter", "events that a sink refused: look, send, remove")),
      list_(add("list", "a line for each letter, and how many there are", true)),
      show_(add("show", "all that is known of one letter", false)),
      redrive_(add("redrive", "send the events again, to the sink that refused them", true)),
      purge_(add("purge", "remove letters", true)) {
  command_->require_subcommand(1);
  list_->add_flag("--json", json_, "one JSON object a line");
  show_->add_flag("--raw", raw_, "the event's own bytes, and nothing else");
  redrive_->add_option("--to", to_, "another sink of the configuration, or a URL");
  redrive_->add_option("--rate", rate_, "events a second, at most: 500/s");
  redrive_->add_flag("--purge", purges_, "remove the letters whose events were delivered");
  purge_->add_flag("--all", all_, "every letter: needed where nothing else chooses");
}

CLI::App* DeadLetterCommand::add(const char* name, const char* help, bool filters) {
  CLI::App* const app = command_->add_subcommand(name, help);
  if (!filters) app->add_option("ID", id_, "as `list` shows it, or its beginning")->required();
  app->add_option("FILE", paths_, "files of dead letters; else those of the configuration");
  app->add_option("-c,--config", config_file_, "YAML file (or WEIR_CONFIG)");
  if (!filters) return app;
  app->add_option("--where", query_.where,
                  "a condition over the letter: dead_letter.reason == \"too_large\"");
  app->add_option("--sink", query_.sink, "only letters of the sink that refused the event");
  app->add_option("--reason", query_.reason, "only letters with this reason: too_large, rejected…");
  app->add_option("--since", query_.since,
                  "only letters of that time or later: 2026-11-22T08:00:00Z, or 30m (ago)");
  return app;
}

bool DeadLetterCommand::chosen() const { return command_->parsed(); }

int DeadLetterCommand::run(std::ostream& out, std::ostream& errors) {
  query_.compile();
  if (show_->parsed()) check_id();
  if (purge_->parsed() && query_.asks_for_all() && !all_) {
    throw ConfigError({}, "this would remove every letter",
                      "say which (--sink, --reason, --since, --where), or --all");
  }
  config_ = std::make_unique<PumpConfig>(config_file_);
  find_files();
  if (list_->parsed()) return list(out, errors);
  if (show_->parsed()) return show(out, errors);
  if (redrive_->parsed()) return redrive(errors);
  return purge(out, errors);
}

void DeadLetterCommand::check_id() const {
  constexpr std::size_t kIdBytesMin = 4;
  constexpr std::size_t kIdBytes = 12;
  const bool is_hex = id_.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (is_hex && id_.size() >= kIdBytesMin && id_.size() <= kIdBytes) return;
  throw ConfigError({.origin = "ID"}, weir::quoted(id_) + " is no id of a letter",
                    "an id is twelve hexadecimal digits, or the first four or more of them; `weir "
                    "dead-letter list` shows those that there are");
}

void DeadLetterCommand::find_files() {
  if (!paths_.empty()) {
    files_ = named_letter_files(paths_);
    return;
  }
  if (config_->config() == nullptr) {
    throw ConfigError({}, "there is no configuration that says where dead letters are",
                      "name one with -c FILE, or the files themselves");
  }
  files_ = configured_letter_files(*config_->config());
}

int DeadLetterCommand::list(std::ostream& out, std::ostream& errors) {
  LetterScan scan(files_, query_);
  LetterSummary summary;
  LetterLine line;
  if (!json_) out << letter_headings();
  for (auto got = scan.next(line); got != LetterScan::Got::End; got = scan.next(line)) {
    if (got != LetterScan::Got::Letter) continue;
    summary.add(line.letter);
    out << (json_ ? letter_json(line) : letter_row(line));
  }
  out << (json_ ? summary.to_json(scan.faults()) : summary.to_text());
  out << std::flush;
  return tell_faults(scan.faults(), errors) ? kExitFailure : kExitClean;
}

int DeadLetterCommand::show(std::ostream& out, std::ostream& errors) {
  LetterScan scan(files_, query_);
  LetterLine line;
  for (auto got = scan.next(line); got != LetterScan::Got::End; got = scan.next(line)) {
    if (got != LetterScan::Got::Letter || !id_of(key_of(line.line)).starts_with(id_)) continue;
    if (raw_) {
      out.write(line.letter.event.data(), static_cast<std::streamsize>(line.letter.event.size()));
    } else {
      out << letter_page(line);
    }
    out << std::flush;
    return kExitClean;
  }
  tell_faults(scan.faults(), errors);
  throw CommandError("there is no letter " + weir::quoted(id_) +
                         "\n  `weir dead-letter list` shows the ids of those that there are",
                     kExitFailure);
}

/// What is refused again would be written to the files that are being read, or a sink of dead
/// letters has the names of these.
bool DeadLetterCommand::is_being_read(const Settings& sink) const {
  if (sink.scheme() != "file" || config_->config() == nullptr) return false;
  for (const LetterPath& theirs : configured_letter_files(*config_->config())) {
    const auto is_same = [&](const LetterPath& ours) {
      std::error_code error;
      return std::filesystem::equivalent(ours.path, theirs.path, error);
    };
    if (std::any_of(files_.begin(), files_.end(), is_same)) return true;
  }
  return false;
}

int DeadLetterCommand::redrive(std::ostream& errors) {
  read_rate(rate_);  // A wrong one is told before anything is read.
  std::map<std::string, std::uint64_t> sinks;
  {
    LetterScan scan(files_, query_);
    LetterLine line;
    for (auto got = scan.next(line); got != LetterScan::Got::End; got = scan.next(line)) {
      if (got == LetterScan::Got::Letter && (sinks.size() < kSinksMax)) ++sinks[line.letter.sink];
    }
    tell_faults(scan.faults(), errors);
  }
  for (const auto& [sink, letters] : sinks) {  // Before anything is sent.
    config_->destination(to_.empty() ? sink : to_, to_.empty() ? "dead_letter.sink" : "--to");
  }
  if (sinks.empty()) {
    fmt::print(errors, "weir: there is no letter to be sent\n");
    return kExitClean;
  }
  Log log(log_options(config_->top_level()));
  Metrics metrics(WEIR_VERSION);
  LetterKeys delivered;
  int exit_code = kExitClean;
  bool go_on = true;
  for (const auto& [sink, letters] : sinks) {
    if (!go_on) break;
    if (to_.empty()) query_.sink = sink;
    exit_code =
        std::max(exit_code, redrive_to(to_.empty() ? sink : to_, log, metrics, go_on, delivered));
    if (!to_.empty()) break;  // All of them went there.
  }
  return purges_ ? std::max(exit_code, remove_delivered(delivered, log)) : exit_code;
}

/// Where files were rotated meanwhile, letters are in others than those that were read.
int DeadLetterCommand::remove_delivered(const LetterKeys& delivered, Log& log) {
  constexpr int kLooks = 3;
  const auto goes = [&](std::string_view line) { return delivered.contains(key_of(line)); };
  std::uint64_t removed = 0;
  int exit_code = kExitClean;
  for (int look = 0; look < kLooks && removed < delivered.size(); ++look) {
    if (look != 0 && paths_.empty()) find_files();
    exit_code = kExitClean;
    for (const LetterPath& file : files_) {
      const PurgeResult result = purge_letters(file, goes);
      removed += result.removed;
      if (result.removed != 0) {
        log.info("redrive", "removed letters whose events were delivered",
                 {{"file", file.path}, {"removed", result.removed}, {"kept", result.kept}});
      }
      if (result.trouble.empty()) continue;
      log.error("redrive", result.trouble);
      exit_code = kExitFailure;
    }
    if (!paths_.empty()) break;
  }
  if (removed >= delivered.size()) return exit_code;
  log.error("redrive",
            "not all letters whose events were delivered could be removed: a second redrive sends "
            "them again",
            {{"letters", delivered.size() - removed}});
  return kExitFailure;
}

int DeadLetterCommand::redrive_to(const std::string& target, Log& log, Metrics& metrics,
                                  bool& go_on, LetterKeys& delivered) {
  const Settings sink = config_->destination(target, "--to");
  // No circle: what is refused again stays as the letter that it is, but where its new letter goes
  // elsewhere. And what is appended to a file after it was found is not read.
  const std::string name = sink.has("dead_letter") ? sink.string("dead_letter") : "";
  const Settings* const letters = config_->sink(name);
  const bool writes_letters = letters != nullptr && !purges_ && !is_being_read(*letters);
  const auto feed = std::make_shared<LetterFeed>(files_, query_, read_rate(rate_), purges_);
  PumpJob job{.name = "redrive", .sink = sink, .dead_letters = {}, .feed = feed};
  if (writes_letters) job.dead_letters = *letters;
  SinkBalance account;
  const int exit_code = pump(*config_, std::move(job), log, metrics, &account);
  go_on = feed->ended();
  delivered.insert(feed->delivered_keys().begin(), feed->delivered_keys().end());
  // For its letter an event with a new letter is answered for like one that was delivered.
  const std::uint64_t refused =
      account.dead_lettered + account.dropped.total() - account.dropped[Reason::Shutdown];
  log.info("redrive",
           writes_letters ? "sent; what was refused again has a new letter"
                          : "sent; what was refused again stays where it is",
           {{"sink", sink.name()},
            {"sent", feed->sent()},
            {"delivered", std::min(feed->delivered(), account.delivered)},
            {"refused", refused},
            {"complete", feed->ended()}});
  return exit_code;
}

int DeadLetterCommand::purge(std::ostream& out, std::ostream& errors) {
  LetterParser parser;
  const auto goes = [&](std::string_view line) {
    const std::optional<Letter> letter = parser.parse(line);
    return letter && query_.holds(*letter, line);
  };
  int exit_code = kExitClean;
  for (const LetterPath& file : files_) {
    const PurgeResult result = purge_letters(file, goes);
    if (result.trouble.empty()) {
      fmt::print(out, "{}: {} removed, {} lines kept\n", printable(file.path), result.removed,
                 result.kept);
      continue;
    }
    fmt::print(errors, "weir: {}\n", result.trouble);
    exit_code = kExitFailure;
  }
  return exit_code;
}

}  // namespace weir
