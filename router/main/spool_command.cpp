#include "router/main/spool_command.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <ostream>

#include "config/error.hpp"
#include "router/base/rfc3339.hpp"
#include "router/main/load_plan.hpp"
#include "router/main/spool_export.hpp"
#include "router/main/spool_reports.hpp"
#include "router/replay/command_values.hpp"

namespace weir {
namespace {

namespace fs = std::filesystem;

std::int64_t time_of(const std::string& option, const std::string& text) {
  constexpr std::int64_t kNsPerMs = 1'000'000;
  const auto ms = parse_rfc3339_ms(text);
  // What has no nanoseconds since the epoch is not a time of an event, either.
  constexpr std::int64_t kMsMax = std::numeric_limits<std::int64_t>::max() / kNsPerMs;
  if (!ms || *ms > kMsMax || *ms < -kMsMax) {
    throw ConfigError({}, option + ": expected a time, found \"" + text + '"',
                      "for example 2026-11-22T08:46:08Z");
  }
  return *ms * kNsPerMs;
}

/// A spool's own directory, one that holds spools, or a data_dir.
std::vector<FoundSpool> find_spools(const fs::path& given, const std::string& sink) {
  const auto is_spool = [](const fs::path& path) {
    std::error_code ignored;
    return fs::exists(path / "lock", ignored) || fs::exists(path / "cursor", ignored);
  };
  std::error_code error;
  if (is_spool(given)) {
    const fs::path path = given.has_filename() ? given : given.parent_path();
    return {{path.filename().string(), path.string()}};
  }
  const bool is_data_dir = fs::is_directory(given / "spool", error);
  const fs::path above = is_data_dir ? given / "spool" : given;
  std::vector<FoundSpool> spools;
  for (const auto& entry : fs::directory_iterator(above, error)) {
    const std::string name = entry.path().filename().string();
    if (is_spool(entry.path()) && (sink.empty() || sink == name)) {
      spools.push_back({name, entry.path().string()});
    }
  }
  if (error) {
    throw ConfigError({}, "cannot look into " + above.string() + ": " + error.message(),
                      "name a data_dir, or a configuration with --config");
  }
  if (spools.empty() && sink.empty() && !is_data_dir) {
    throw ConfigError({}, "there is no spool in " + given.string(),
                      "name a data_dir, one spool's directory, or a configuration with --config");
  }
  std::sort(spools.begin(), spools.end(),
            [](const FoundSpool& a, const FoundSpool& b) { return a.sink < b.sink; });
  if (!sink.empty() && spools.empty()) {
    throw ConfigError({}, "there is no spool of a sink \"" + sink + "\" in " + above.string(),
                      "`weir spool list` names those that there are");
  }
  return spools;
}

int cannot(const FoundSpool& spool, const std::string& what, const ErrorCode& error,
           std::ostream& errors) {
  fmt::print(errors, "weir: cannot {} {}: {}\n", what, spool.path, error.message());
  return kExitFailure;
}

}  // namespace

SpoolCommand::SpoolCommand(CLI::App& app) {
  app_ = app.add_subcommand("spool", "look into the spools on disk, and repair them");
  app_->require_subcommand(1);
  list_ = app_->add_subcommand("list", "what each sink's spool holds, and whether it is whole");
  check_ = app_->add_subcommand("check", "read everything; exit 1 where something is damaged");
  export_ = app_->add_subcommand("export", "events to stdout, one line each, as they came");
  repair_ = app_->add_subcommand("repair", "save what is intact; weir must not be running");
  for (CLI::App* each : {list_, check_, export_, repair_}) {
    each->add_option("DIR", directory_, "a data_dir, or one spool's directory");
    each->add_option("-c,--config", config_file_, "YAML file whose data_dir it is");
    each->add_option("--sink", sink_, "only this sink's");
  }
  list_->add_flag("--json", json_, "one JSON object a line");
  export_->add_flag("--json", json_, "with source, time and number, one JSON object a line");
  export_->add_option("--from", from_, "received at this time (RFC 3339) or later");
  export_->add_option("--to", to_, "received before this time");
  export_->add_flag("--waiting", waiting_, "only what is to be delivered");
  export_->add_flag("--kept", kept_, "only what is kept for a replay");
  export_->add_flag("--all", all_, "both, which is the default");
  repair_->add_flag("--discard", discard_, "keep no copy of what is damaged");
}

bool SpoolCommand::chosen() const { return app_->parsed(); }

std::string SpoolCommand::find_data_dir() const {
  if (!directory_.empty()) return directory_;
  constexpr const char* kHint =
      "name a data_dir, or one spool's directory: weir spool list DIR; or a configuration with -c "
      "FILE; or set WEIR_DATA_DIR";
  if (config_file_.empty() && !environment_configures()) {
    const std::string data_dir = environment_data_dir();
    if (!data_dir.empty()) return data_dir;
    throw ConfigError({}, "nothing says where the spools are", kHint);
  }
  CommandLine line;
  line.config_file = config_file_;
  const std::string data_dir = load_config(line).data_dir;
  if (data_dir.empty()) throw ConfigError({}, "the configuration has no data_dir", kHint);
  return data_dir;
}

int SpoolCommand::run(std::ostream& out, std::ostream& errors) const {
  const std::string directory = find_data_dir();
  SpoolExport what{
      .waiting = !kept_ || waiting_ || all_, .kept = !waiting_ || kept_ || all_, .json = json_};
  if (!from_.empty()) what.from_ns = time_of("--from", from_);
  if (!to_.empty()) what.to_ns = time_of("--to", to_);
  Io io;
  int exit_code = kExitClean;
  std::vector<FoundSpool> listed;
  std::vector<SpoolSurvey> surveys;
  for (const FoundSpool& spool : find_spools(directory, sink_)) {
    Result<SpoolDirectory> opened = SpoolDirectory::open(io, spool.path);
    if (!opened) return cannot(spool, "open", opened.error(), errors);
    if (*repair_) {
      if (const Result<void> locked = opened->lock(); !locked) {
        const pid_t owner = spool_owner(spool.path);
        const std::string who = owner == 0 ? "another process" : fmt::format("process {}", owner);
        fmt::print(errors, "weir: {} is in use by {}; end that first\n", spool.path, who);
        return kExitFailure;
      }
    }
    const Result<SpoolSurvey> survey =
        *export_ ? export_spool(*opened, what, out) : survey_spool(*opened);
    if (!survey) return cannot(spool, "read", survey.error(), errors);
    if (*check_) print_check(spool, *survey, out);
    if ((*check_ || *export_) && survey->is_damaged()) exit_code = kExitFailure;
    if (*export_ && survey->is_damaged()) {
      fmt::print(
          errors,
          "weir: {} is damaged: not all of its events could be read; see `weir spool check`\n",
          spool.path);
    }
    if (*list_ && json_) list_as_json(spool, *survey, out);
    if (*list_ && !json_) {
      listed.push_back(spool);
      surveys.push_back(*survey);
    }
    if (*repair_) {
      const auto repaired = repair_spool(*opened, *survey, discard_);
      if (!repaired) return cannot(spool, "repair", repaired.error(), errors);
      print_repair(spool, *repaired, out);
      if (repaired->is_refused()) exit_code = kExitFailure;
    }
  }
  if (*list_ && !json_) list_as_text(listed, surveys, out);
  out.flush();
  if (!out) throw std::runtime_error("cannot write to stdout");
  return exit_code;
}

}  // namespace weir
