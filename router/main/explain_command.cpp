#include "router/main/explain_command.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <istream>
#include <iterator>
#include <memory>
#include <ostream>
#include <set>
#include <vector>

#include "router/base/clock.hpp"
#include "router/base/limits.hpp"
#include "router/ingest/framer.hpp"
#include "router/ingest/source_options.hpp"
#include "router/main/explain_severity.hpp"
#include "router/main/load_plan.hpp"
#include "router/parse/event_decoder.hpp"
#include "router/route/route_hits.hpp"

namespace weir {
namespace {

constexpr std::size_t kInputBytesMax = 1 << 20;

std::string read_input(std::istream& in) {
  std::string text(kInputBytesMax, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

/// One event, seen with the eyes of one source.
class Explainer {
 public:
  /// `secret_routes`: those whose conditions must not be shown.
  Explainer(const TopologyPlan& plan, const SourceOptions& source,
            const std::set<std::string>& secret_routes, std::ostream& out)
      : plan_(plan),
        source_(source),
        secret_routes_(secret_routes),
        out_(out),
        fields_(plan.fields),
        row_(plan.fields.size()) {}

  void explain(const Frame& frame) {
    const Format format = decoder_.decode({frame.data, frame.size}, source_.codec,
                                          source_.validate_fully, fields_, row_);
    fill_metadata(format, frame.truncated);
    fmt::print(out_, "event   {} bytes, {}{}\n", frame.size, to_string(format),
               frame.truncated ? ", cut at max_event_bytes" : "");
    fmt::print(out_, "fields{}\n", fields_.slot_count() == 0 ? "  none is asked for" : "");
    for (std::size_t slot = 0; slot < row_.size(); ++slot) {
      fmt::print(out_, "  {} = {}\n", to_string(plan_.fields.paths()[slot]),
                 row_[slot].missing() ? "missing" : shown(row_[slot]));
    }
    explain_routes();
    explain_sinks({frame.data, frame.size});
  }

 private:
  void fill_metadata(Format format, bool truncated) {
    for (const auto& [metadata, slot] : fields_.metadata()) {
      if (metadata == Metadata::Source) row_[slot] = Value::string(source_.name);
      if (metadata == Metadata::Format) row_[slot] = Value::string(to_string(format));
      if (metadata == Metadata::Truncated) row_[slot] = Value::of(truncated);
      if (metadata == Metadata::Received) {
        row_[slot] = Value::of(static_cast<double>(wall_clock_ns()) * 1e-9);
      }
    }
  }

  void explain_routes() {
    fmt::print(out_, "routes\n");
    for (const RouteExplanation& route : plan_.table->explain(row_).routes) {
      const bool is_secret = secret_routes_.contains(route.name);
      fmt::print(out_, "  {} {}: {}\n", route.taken ? "takes " : "leaves", route.name,
                 is_secret            ? "***"
                 : route.when.empty() ? "every event"
                                      : route.when);
      if (is_secret) continue;
      for (const Finding& finding : route.findings) {
        fmt::print(out_, "           {}\n", to_string(finding));
      }
    }
  }

  void explain_sinks(std::string_view event) {
    RouteHits hits(*plan_.table);
    plan_.table->route(row_, hits);
    std::vector<std::uint16_t> sinks(hits.sinks().begin(), hits.sinks().end());
    std::sort(sinks.begin(), sinks.end());
    fmt::print(out_, "sinks{}\n",
               sinks.empty() ? "   none: the event is counted as unmatched" : "");
    for (const std::uint16_t index : sinks) {
      const PlannedSink& sink = plan_.sinks[index];
      fmt::print(out_, "  {} {}\n", sink.settings.name(), place_of(sink));
      if (sink.settings.string("when_full") != "shed" || sink.sink->traits().never_blocks) continue;
      const Value field = value_of(sink.columns[sink.severity_column]);
      fmt::print(out_, "           {}\n", explain_severity(sink, field, plan_.fields, row_, event));
    }
  }

  Value value_of(const Column& column) {
    return column.expression ? column.expression->evaluate(row_) : row_[column.slot];
  }

  std::string place_of(const PlannedSink& sink) {
    if (sink.settings.scheme() != "file" || sink.settings.path_is_secret()) {
      return sink.settings.masked();
    }
    std::vector<Value> columns;
    for (const Column& column : sink.columns) columns.push_back(value_of(column));
    std::string path;
    sink.path.render(columns, wall_clock_ns(), path);
    return path;
  }

  const TopologyPlan& plan_;
  const SourceOptions& source_;
  const std::set<std::string>& secret_routes_;
  std::ostream& out_;
  FieldTree fields_;
  std::vector<Value> row_;
  EventDecoder decoder_;
};

}  // namespace

int explain_command(const CommandLine& line, const std::string* event, std::istream& in,
                    std::ostream& out) {
  Log log;
  Metrics metrics(WEIR_VERSION);
  const Loaded loaded = load_plan(line, log, metrics);
  const SourceOptions source =
      read_source_options(loaded.config.sources.front(), loaded.config.data_dir);

  std::string text = event != nullptr ? *event : read_input(in);
  const std::size_t size = text.size();
  text.append(limits::kBlockPadding, '\0');
  std::vector<Frame> frames;
  ReasonCounts lost;
  FramerState state;
  const std::unique_ptr<Framer> framer =
      make_framer(source.framing, source.max_event_bytes, source.oversize);
  const std::size_t done = framer->find({text.data(), size}, state, frames, lost);
  framer->finish({text.data() + done, size - done}, state, frames, lost);

  fmt::print(out, "source  {}\nframing {} event(s) found\n", source.url, frames.size());
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const auto reason = static_cast<Reason>(i);
    if (lost[reason] != 0) fmt::print(out, "lost    {} ({})\n", lost[reason], to_string(reason));
  }
  std::set<std::string> secret_routes;
  for (const RouteConfig& route : loaded.config.routes) {
    if (route.when_is_secret) secret_routes.insert(route.name);
  }
  Explainer explainer(loaded.plan, source, secret_routes, out);
  for (const Frame& frame : frames) explainer.explain(frame);
  return frames.empty() ? kExitFailure : kExitClean;
}

}  // namespace weir
