#include "router/topology/sink_options.hpp"

#include <fmt/format.h>

#include <utility>

#include "router/topology/spool_options.hpp"

namespace weir {
namespace {

// Half of it has to have room for a few Blocks.
constexpr std::size_t kRetainBufferMin = std::size_t{4} << 20;

WhenFull read_when_full(const Settings& settings, const std::string& data_dir) {
  const std::string& text = settings.string("when_full");
  if (text == "drop_newest") return WhenFull::DropNewest;
  if (text == "drop_oldest") return WhenFull::DropOldest;
  if (text == "shed") return WhenFull::Shed;
  if (text == "spool" && data_dir.empty()) {
    throw settings.error("when_full", "spool needs a place on disk",
                         "name one: data_dir: /var/lib/weir, or WEIR_DATA_DIR");
  }
  return text == "block" || data_dir.empty() ? WhenFull::Block : WhenFull::Spool;
}

Severity read_severity(const Settings& settings, std::string_view option) {
  // It can be read: it is one of the choices.
  return severity_of(settings.string(option)).value_or(Severity::Error);
}

std::optional<ShedOptions> read_shed(const Settings& settings) {
  if (settings.string("when_full") != "shed") return std::nullopt;
  if (settings.string("spool.when_full") != "block") {
    throw settings.error("spool.when_full", "with when_full: shed it has to be block",
                         "else events that are never to be shed would be dropped");
  }
  return ShedOptions{.floor = read_severity(settings, "shed.floor"),
                     .unknown = read_severity(settings, "shed.unknown")};
}

}  // namespace

std::vector<OptionSpec> common_sink_options() {
  std::vector<OptionSpec> options = {
      {.name = "encoding",
       .type = OptionType::Choice,
       .fallback = "raw",
       .help = "raw: the event's bytes as they came. json: text is wrapped as an object.",
       .choices = {"raw", "json"}},
      {.name = "buffer",
       .type = OptionType::Size,
       .fallback = "64MiB",
       .help = "Memory for events that this sink has not confirmed yet."},
      {.name = "when_full",
       .type = OptionType::Choice,
       .fallback = "auto",
       .help =
           "With a full buffer: go on to disk (spool), stop reading (block), or drop and count; "
           "shed: with a filling one, or a filling spool where there is one, drop what is least "
           "important. auto: spool with a data_dir, else block.",
       .choices = {"auto", "block", "drop_newest", "drop_oldest", "shed", "spool"}},
      {.name = "shed.field",
       .type = OptionType::Expression,
       .help = "With when_full=shed: the field that holds the severity; else the first of level, "
               "severity, lvl, log.level, severity_text, levelname, priority and PRIORITY. Where "
               "there is none, a syslog <PRI> at the beginning counts."},
      {.name = "shed.floor",
       .type = OptionType::Choice,
       .fallback = "error",
       .help = "Events as bad as this, and worse, are never shed: they press back.",
       .choices = {"emergency", "alert", "critical", "error", "warning", "notice", "info"}},
      {.name = "shed.unknown",
       .type = OptionType::Choice,
       .fallback = "info",
       .help = "What events are taken for that tell no severity.",
       .choices = {"emergency", "alert", "critical", "error", "warning", "notice", "info",
                   "debug"}},
      {.name = "dead_letter",
       .help = "The sink that gets what this one rejects, as JSON with the reason and the event."},
      {.name = "loss_notice",
       .type = OptionType::Boolean,
       .fallback = "true",
       .help = "After events for this sink were lost, it is told so by an event of weir's own."},
  };
  for (OptionSpec& option : spool_option_specs()) options.push_back(std::move(option));
  return options;
}

std::vector<std::string> severity_fields() {
  // What libraries call it; log.level as ECS has it, in one key and in two.
  return {"level",     "severity", "lvl",     "event[\"log.level\"]", "log.level", "severity_text",
          "levelname", "priority", "PRIORITY"};
}

std::string severity_expression(const Settings& settings) {
  if (settings.has("shed.field")) return settings.string("shed.field");
  std::vector<std::string> fields = severity_fields();
  const std::string last = std::move(fields.back());
  fields.pop_back();
  std::string expression;
  for (const std::string& field : fields) expression += fmt::format("has({0}) ? {0} : ", field);
  return expression + last;
}

SinkRunnerOptions read_sink_options(const Settings& settings, const std::string& data_dir) {
  SinkRunnerOptions options{.name = settings.name(),
                            .url = settings.masked(),
                            .buffer_bytes_max = settings.bytes("buffer"),
                            .when_full = read_when_full(settings, data_dir),
                            .retry = {},
                            .shed = read_shed(settings),
                            .loss_notices = settings.boolean("loss_notice"),
                            .spool = {}};
  SpoolOptions spool = read_spool_options(settings, data_dir);
  if (spool.log.retain.count() != 0 && options.buffer_bytes_max < kRetainBufferMin) {
    throw settings.error("buffer", "spool.retain needs a buffer of 4MiB at least",
                         "what is kept is on its way to disk in half of it");
  }
  if (!data_dir.empty()) options.spool = std::move(spool);
  return options;
}

}  // namespace weir
