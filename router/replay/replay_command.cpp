#include "router/replay/replay_command.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <ostream>
#include <utility>

#include "config/error.hpp"
#include "router/base/rfc3339.hpp"
#include "router/replay/command_values.hpp"
#include "router/replay/pump.hpp"
#include "router/replay/record_filter.hpp"
#include "router/replay/spool_feed.hpp"
#include "router/telemetry/printable.hpp"
#include "router/telemetry/text_table.hpp"
#include "router/topology/service.hpp"
#include "router/topology/spool_options.hpp"

namespace weir {
namespace {

bool is_directory(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string rfc3339(std::int64_t time_ns) {
  std::string text;
  append_rfc3339(time_ns, text);
  return text;
}

/// Reads all of it and sends nothing. Returns the exit code.
int dry_run(SpoolFeed& feed, std::ostream& out) {
  RecordFeed::Record record;
  while (feed.next(record) != RecordFeed::Next::End) {
  }
  const SpoolFeed::Counts& counts = feed.counts();
  fmt::print(out, "events   {}\nbytes    {}\n", grouped(counts.events), grouped(counts.bytes));
  if (counts.events != 0) {
    fmt::print(out, "first    {}\nlast     {}\n", rfc3339(counts.first_ns),
               rfc3339(counts.last_ns));
  }
  if (counts.gaps != 0) {
    fmt::print(out, "missing  {} in {} gaps\n", grouped(counts.missing), grouped(counts.gaps));
  }
  return counts.gaps == 0 ? kExitClean : kExitLoss;
}

}  // namespace

ReplayCommand::ReplayCommand(CLI::App& app)
    : command_(app.add_subcommand("replay", "send again what a sink's spool has kept")) {
  command_->add_option("SINK", sink_, "the sink whose spool is read")->required();
  command_->add_option("-c,--config", config_file_, "YAML file (or WEIR_CONFIG)");
  command_->add_option("--spool", spool_, "the spool's directory, in place of a configuration");
  command_->add_option("--from", from_,
                       "events that came in then or later: 2026-11-22T08:00:00Z, or 30m (ago)");
  command_->add_option("--to", to_, "events that came in before then");
  command_->add_option("--where", where_, "only events for which this condition holds");
  command_->add_option("--rate", rate_, "events sent a second, at most: 500/s");
  command_->add_option("--sink", target_,
                       "another sink of the configuration, or a URL; else SINK itself");
  command_->add_flag("--dry-run", dry_run_, "send nothing, say how many events there are");
  CLI::Option* const kept = command_->add_flag("--kept", kept_, "what was delivered: the default");
  CLI::Option* const waiting =
      command_->add_flag("--waiting", waiting_, "what was not delivered yet")->excludes(kept);
  command_->add_flag("--all", all_, "both")->excludes(kept)->excludes(waiting);
}

bool ReplayCommand::chosen() const { return command_->parsed(); }

std::string ReplayCommand::find_spool(const PumpConfig& config) const {
  if (!spool_.empty()) {
    // It may be the directory of all spools.
    const std::string below = spool_ + spool_path("", sink_).substr(sizeof "/spool" - 1);
    return is_directory(below) ? below : spool_;
  }
  if (config.config() == nullptr) {
    const std::string data_dir = environment_data_dir();
    if (!data_dir.empty()) return spool_path(data_dir, sink_);
    throw ConfigError({}, "there is no configuration that says where the spool is",
                      "name one with -c FILE, or the spool's directory with --spool DIR, or set "
                      "WEIR_DATA_DIR");
  }
  if (config.config()->data_dir.empty()) {
    throw ConfigError({}, "the configuration has no data_dir, and so no spool",
                      "name the spool's directory with --spool");
  }
  const std::string path = spool_path(config.config()->data_dir, sink_);
  if (config.sink(sink_) == nullptr && !is_directory(path)) {
    std::vector<std::string> names;
    for (const Settings& each : config.config()->sinks) names.push_back(each.name());
    throw ConfigError({.origin = "SINK"}, "there is no sink " + weir::quoted(sink_),
                      suggest(sink_, names));
  }
  return path;
}

int ReplayCommand::run(std::ostream& out) const {
  SpoolFeed::Options options{.from_ns = read_time(from_, "--from", INT64_MIN),
                             .to_ns = read_time(to_, "--to", INT64_MAX),
                             .rate = read_rate(rate_)};
  if (waiting_) options.part = SpoolPart::Waiting;
  if (all_) options.part = SpoolPart::All;
  if (options.from_ns >= options.to_ns) {
    throw ConfigError({.origin = "--from"}, "there is no time from --from to --to");
  }
  RecordFilter filter(where_, "--where");  // A wrong condition is told before anything else.
  PumpConfig config(config_file_);
  const std::string directory = find_spool(config);
  // So is a wrong destination, also where nothing is to be sent.
  const std::string& target = target_.empty() ? sink_ : target_;
  std::optional<Settings> sink;
  if (!dry_run_ || !target_.empty()) {
    sink = config.destination(target, target_.empty() ? "SINK" : "--sink");
  }
  const Result<std::shared_ptr<SpoolFeed>> opened =
      SpoolFeed::open(directory, options, std::move(filter));
  if (!opened) {
    throw CommandError(
        fmt::format("cannot read the spool {}: {}", printable(directory), opened.error().message()),
        kExitFailure);
  }
  const std::shared_ptr<SpoolFeed>& feed = *opened;
  if (feed == nullptr) {
    throw CommandError(fmt::format("there is no spool in {}", printable(directory)), kExitFailure);
  }
  if (dry_run_ || !sink) return dry_run(*feed, out);

  Log log(log_options(config.top_level()));
  Metrics metrics(WEIR_VERSION);
  const std::string letters = sink->has("dead_letter") ? sink->string("dead_letter") : "";
  PumpJob job{.name = "replay", .sink = *sink, .dead_letters = {}, .feed = feed};
  if (const Settings* const known = config.sink(letters)) job.dead_letters = *known;
  const int exit_code = pump(config, std::move(job), log, metrics);
  const SpoolFeed::Counts& counts = feed->counts();
  log.info("replay", feed->ended() ? "the end of the spool" : "ended before the end of the spool",
           {{"events", counts.events}, {"bytes", counts.bytes}});
  if (counts.gaps == 0) return exit_code;
  log.warn("replay", "events were missing in the spool: deleted meanwhile, or damaged",
           {{"gaps", counts.gaps}, {"events", counts.missing}});
  return exit_code == kExitClean ? kExitLoss : exit_code;
}

}  // namespace weir
