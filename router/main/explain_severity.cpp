#include "router/main/explain_severity.hpp"

#include <fmt/format.h>

#include <vector>

#include "router/base/severity.hpp"
#include "router/route/explanation.hpp"
#include "router/topology/sink_options.hpp"

namespace weir {
namespace {

/// The first of those that are looked for, as they were written; "" for none.
std::string field_found(const std::vector<std::string>& looked_for, const FieldSet& fields,
                        std::span<const Value> row) {
  for (const std::string& field : looked_for) {
    const std::vector<Finding> findings = explain_condition("has(" + field + ")", fields, row);
    if (!findings.empty() && findings.front().holds) return field;
  }
  return "";
}

/// Where it was looked for, and what was there.
std::string where_from(const Settings& settings, const Value& field, const FieldSet& fields,
                       std::span<const Value> row) {
  const auto named = settings.entries().find("shed.field");
  const bool is_named = settings.has("shed.field");
  if (is_named && named->second.secret) return "shed.field (***)";
  const std::vector<std::string> looked_for = severity_fields();
  if (field.missing()) {
    if (is_named) return settings.string("shed.field");
    return fmt::format("{}", fmt::join(looked_for, ", "));
  }
  const std::string name =
      is_named ? settings.string("shed.field") : field_found(looked_for, fields, row);
  return name + " = " + shown(field);
}

}  // namespace

std::string explain_severity(const PlannedSink& sink, const Value& field, const FieldSet& fields,
                             std::span<const Value> row, std::string_view event) {
  const Settings& settings = sink.settings;
  const std::string where = where_from(settings, field, fields, row);
  const std::optional<Severity> told = severity_of(field, event);
  // They can be read: they are choices.
  const auto option = [&](std::string_view name) {
    return severity_of(settings.string(name)).value_or(Severity::Error);
  };
  const Severity severity = told.value_or(option("shed.unknown"));
  std::string text = fmt::format("severity {}", to_string(severity));
  if (told && field.missing()) {
    text += ", from its <PRI>";
  } else if (told) {
    text += ", from " + where;
  } else if (field.missing()) {
    text += fmt::format(", as shed.unknown says: it has neither {} nor a <PRI>", where);
  } else {
    text += fmt::format(", as shed.unknown says: {} tells none", where);
  }
  return text + (severity <= option("shed.floor") ? "; never shed" : "; may be shed");
}

}  // namespace weir
