#include "router/topology/sink_options.hpp"

#include <fmt/format.h>

namespace weir {
namespace {

constexpr std::size_t kSegmentBytesMin = 64 * 1024;
constexpr std::size_t kSegmentBytesMax = 1ULL << 30;
constexpr std::chrono::hours kRetainMax{24 * 365};

/// A name that is one part of a path, whatever the sink is called.
std::string directory_name(const std::string& name) {
  std::string safe;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || (c == '.' && !safe.empty());
    safe += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return safe;
}

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
  return severity_of(settings.string(option)).value();  // One of the choices.
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

SpoolOptions read_spool(const Settings& settings, const std::string& data_dir) {
  SpoolOptions spool;
  spool.log.directory = spool_path(data_dir, settings.name());
  spool.log.bytes_max = settings.bytes("spool.bytes");
  spool.log.segment_bytes = settings.bytes("spool.segment");
  if (spool.log.segment_bytes < kSegmentBytesMin || spool.log.segment_bytes > kSegmentBytesMax) {
    throw settings.error("spool.segment", "expected a size from 64KiB to 1GiB");
  }
  if (spool.log.bytes_max / 2 < spool.log.segment_bytes) {
    throw settings.error("spool.bytes", "there has to be room for two segments",
                         "give it more, or make spool.segment smaller");
  }
  spool.sync_bytes = settings.bytes("spool.sync_bytes");
  spool.sync_interval = settings.duration("spool.sync_interval");
  spool.age = settings.duration("spool.age");
  const std::chrono::milliseconds retain = settings.duration("spool.retain");
  if (retain.count() != 0 && data_dir.empty()) {
    throw settings.error("spool.retain", "what is kept needs a place on disk",
                         "name one: data_dir: /var/lib/weir, or WEIR_DATA_DIR");
  }
  if (retain > kRetainMax) throw settings.error("spool.retain", "expected at most 8760h, a year");
  spool.log.retain = retain;
  const std::string& text = settings.string("spool.when_full");
  if (text == "drop_newest") spool.when_full = WhenSpoolFull::DropNewest;
  if (text == "drop_oldest") spool.when_full = WhenSpoolFull::DropOldest;
  return spool;
}

}  // namespace

std::string spool_path(const std::string& data_dir, const std::string& sink) {
  return data_dir + "/spool/" + directory_name(sink);
}

std::vector<OptionSpec> common_sink_options() {
  return {
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
           "shed: with a filling one, or where the disk does not keep up, drop what is least "
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
      {.name = "spool.bytes",
       .type = OptionType::Size,
       .fallback = "1GiB",
       .help = "The most that this sink's spool takes up on disk."},
      {.name = "spool.when_full",
       .type = OptionType::Choice,
       .fallback = "block",
       .help = "With a full spool or disk: stop reading (block), or drop and count.",
       .choices = {"block", "drop_newest", "drop_oldest"}},
      {.name = "spool.age",
       .type = OptionType::Duration,
       .fallback = "0s",
       .help = "Older segments are dropped and counted; 0s = never."},
      {.name = "spool.retain",
       .type = OptionType::Duration,
       .fallback = "0s",
       .help =
           "What was delivered is kept so long, for weir replay, as far as spool.bytes has room "
           "beside what waits; 0s = not at all."},
      {.name = "spool.segment",
       .type = OptionType::Size,
       .fallback = "16MiB",
       .help = "The length of the spool's files, allocated and deleted as a whole."},
      {.name = "spool.sync_bytes",
       .type = OptionType::Size,
       .fallback = "1MiB",
       .help = "What is written before it is synced, at most."},
      {.name = "spool.sync_interval",
       .type = OptionType::Duration,
       .fallback = "5ms",
       .help = "How long events that nobody waits for may gather before they are synced."},
  };
}

std::string severity_expression(const Settings& settings) {
  if (settings.has("shed.field")) return settings.string("shed.field");
  // What libraries call it; log.level as ECS has it, in one key and in two.
  std::string expression;
  for (const char* const field : {"level", "severity", "lvl", "event[\"log.level\"]", "log.level",
                                  "severity_text", "levelname", "priority"}) {
    expression += fmt::format("has({0}) ? {0} : ", field);
  }
  return expression + "PRIORITY";
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
  SpoolOptions spool = read_spool(settings, data_dir);
  if (!data_dir.empty()) options.spool = std::move(spool);
  return options;
}

}  // namespace weir
