#include "router/topology/plan.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "router/base/assert.hpp"
#include "router/base/limits.hpp"
#include "router/ingest/source_options.hpp"
#include "router/topology/sink_options.hpp"
#include "router/topology/spool_options.hpp"

namespace weir {
namespace {

/// What a plugin is offered while its sink is made: collects the columns it asks for.
class PlanContext final : public SinkContext {
 public:
  PlanContext(std::string name, bool relied_on, FieldSet& fields, Log& log, Metrics& metrics)
      : name_(std::move(name)),
        relied_on_(relied_on),
        fields_(&fields),
        log_(log),
        metrics_(metrics) {}

  std::size_t column(std::string_view expression, const Settings& settings, std::string_view option,
                     std::size_t offset) override {
    WEIR_ASSERT(fields_ != nullptr);
    const auto known = indices_.find(expression);
    if (known != indices_.end()) return known->second;
    try {
      Expression compiled = Expression::compile(expression, *fields_);
      if (const auto slot = compiled.field()) {
        columns_.push_back({.slot = *slot, .expression = std::nullopt});
      } else {
        columns_.push_back({.slot = 0, .expression = std::move(compiled)});
      }
    } catch (const ExpressionError& error) {
      throw settings.error(option, error.message(), error.hint(), offset + error.offset());
    }
    indices_.emplace(std::string(expression), columns_.size() - 1);
    return columns_.size() - 1;
  }

  bool is_relied_on() override {
    relied_on_asked_ = relied_on_;
    return relied_on_;
  }

  void expose(std::weak_ptr<prometheus::Collectable> metrics) override {
    metrics_.expose(std::move(metrics));
  }
  void log_info(std::string_view what) override { log_.info(name_, what); }
  void log_warning(std::string_view what) override { log_.warn(name_, what); }

  std::vector<std::string> column_texts() const {
    std::vector<std::string> texts(indices_.size());
    for (const auto& [text, index] : indices_) texts[index] = text;
    return texts;
  }

  std::optional<bool> relied_on_asked() const noexcept { return relied_on_asked_; }

  /// The sink is made: no more columns.
  std::vector<Column> take_columns() {
    fields_ = nullptr;
    return std::exchange(columns_, {});
  }

 private:
  const std::string name_;
  const bool relied_on_;
  std::optional<bool> relied_on_asked_;
  FieldSet* fields_;  // Null once the sink is made.
  Log& log_;
  Metrics& metrics_;
  std::vector<Column> columns_;
  std::map<std::string, std::size_t, std::less<>> indices_;
};

std::vector<RouteSpec> route_specs(const Config& config) {
  std::map<std::string, std::uint16_t, std::less<>> indices;
  for (std::size_t i = 0; i < config.sinks.size(); ++i) {
    indices.emplace(config.sinks[i].name(), static_cast<std::uint16_t>(i));
  }
  std::vector<RouteSpec> specs;
  for (const RouteConfig& route : config.routes) {
    RouteSpec spec{.name = route.name, .when = route.when, .sinks = {}};
    for (const std::string& sink : route.to) spec.sinks.push_back(indices.at(sink));
    specs.push_back(std::move(spec));
  }
  if (specs.empty()) {  // Every source goes to every sink that is not there for dead letters.
    RouteSpec all{.name = "all", .when = "", .sinks = {}};
    for (const auto& [name, index] : indices) {
      const auto is_for_letters = [&name = name](const Settings& sink) {
        return sink.string("dead_letter") == name;
      };
      if (std::any_of(config.sinks.begin(), config.sinks.end(), is_for_letters)) continue;
      all.sinks.push_back(index);
    }
    specs.push_back(std::move(all));
  }
  return specs;
}

/// What lies in a spool, or is held by the sink that one replaces, may have been promised by a
/// source that is not configured any more. It goes to the sink of that name, or, rejected there, to
/// the one for its dead letters.
bool may_get_promised(const Config& config, const std::string& sink,
                      const std::set<std::string>& relied_before) {
  return std::any_of(config.sinks.begin(), config.sinks.end(), [&](const Settings& from) {
    return (from.name() == sink || from.string("dead_letter") == sink) &&
           (relied_before.contains(from.name()) || has_spooled(config.data_dir, from.name()));
  });
}

void check_limits(const Config& config) {
  if (config.sinks.size() > limits::kSinksMax) {
    throw ConfigError(config.sinks.back().where(), "too many sinks",
                      "there is room for " + std::to_string(limits::kSinksMax));
  }
  if (config.routes.size() > limits::kRoutesMax) {
    throw ConfigError(config.routes.back().when_location, "too many routes",
                      "there is room for " + std::to_string(limits::kRoutesMax));
  }
}

PlannedSink plan_sink(const Settings& settings, bool relied_on, const SinkRegistry& registry,
                      FieldSet& fields, Log& log, Metrics& metrics) {
  const SinkPlugin* const plugin = registry.find(settings.scheme());
  WEIR_ASSERT(plugin != nullptr);  // The loader checked the scheme against the same registry.
  auto context = std::make_unique<PlanContext>(settings.name(), relied_on, fields, log, metrics);
  PlannedSink planned{.settings = settings};
  if (settings.scheme() == "file") {
    planned.path = Template::compile(settings.path(), settings, "", *context);
  }
  planned.sink = plugin->make(settings, *context);
  if (settings.string("when_full") == "shed" && !planned.sink->traits().never_blocks) {
    planned.severity_column =
        context->column(severity_expression(settings), settings, "shed.field", 0);
  }
  planned.column_texts = context->column_texts();
  planned.columns = context->take_columns();
  planned.relied_on = context->relied_on_asked();
  planned.context = std::move(context);
  return planned;
}

}  // namespace

TopologyPlan make_plan(const Config& config, const SinkRegistry& registry, Log& log,
                       Metrics& metrics, const std::set<std::string>& relied_before) {
  check_limits(config);
  TopologyPlan plan;
  bool source_relies = false;
  for (const Settings& source : config.sources) {
    const Ack ack = read_source_options(source, config.data_dir).ack;
    source_relies = ack != Ack::Received || source_relies;
  }
  try {
    for (const Settings& settings : config.sinks) {
      read_sink_options(settings, config.data_dir);  // Checks them.
      const bool relied_on =
          source_relies || may_get_promised(config, settings.name(), relied_before);
      if (relied_on) plan.relied_on.insert(settings.name());
      plan.sinks.push_back(plan_sink(settings, relied_on, registry, plan.fields, log, metrics));
      // Origin::peer is shown by encoding=json and by nothing else.
      plan.wants_peer = plan.wants_peer || settings.string("encoding") == "json";
    }
    plan.table =
        std::make_unique<RouteTable>(route_specs(config), config.sinks.size(), plan.fields);
  } catch (const RouteError& error) {
    const RouteConfig& route = config.routes[error.route()];
    throw ConfigError(route.when_location.at(error.offset()), error.message(), error.hint());
  } catch (const std::length_error&) {
    throw ConfigError(config.sinks.front().where(),
                      "the conditions, templates and labels mention too many fields",
                      "there is room for " + std::to_string(limits::kFieldsMax));
  }
  const auto is_peer = [](const FieldPath& path) { return path.metadata == Metadata::Peer; };
  plan.wants_peer = plan.wants_peer ||
                    std::any_of(plan.fields.paths().begin(), plan.fields.paths().end(), is_peer);
  return plan;
}

bool is_outdated(const TopologyPlan& plan, const Config& config,
                 const std::set<std::string>& relied_before) {
  return std::any_of(plan.sinks.begin(), plan.sinks.end(), [&](const PlannedSink& planned) {
    return planned.relied_on == false &&
           may_get_promised(config, planned.settings.name(), relied_before);
  });
}

}  // namespace weir
