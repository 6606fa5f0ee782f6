#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "config/component.hpp"
#include "config/json_print.hpp"
#include "config/load.hpp"
#include "config/option_value.hpp"
#include "config/top_level.hpp"
#include "config/units.hpp"

namespace weir {
namespace {

namespace json = boost::json;

// A scalar may always be written as ${…}, which only loading resolves.
constexpr std::string_view kReference = R"(\$\{)";
constexpr std::string_view kName = "^[A-Za-z0-9_-]{1,64}$";
constexpr std::string_view kSize = R"(^[0-9]+(\.[0-9]+)?([KMG]iB|[kMG]B)?$|\$\{)";
constexpr std::string_view kDuration = R"(^(0|[0-9]+(\.[0-9]+)?(ms|s|m|h))$|\$\{)";

json::object reference() { return {{"type", "string"}, {"pattern", kReference}}; }

json::object options_schema(std::span<const OptionSpec> options);

json::object list_of(const json::object& item) {
  return {{"anyOf", json::array{json::object{{"type", "array"}, {"items", item}},
                                json::object{{"type", "string"}}}}};
}

json::object object_list(const OptionSpec& option) {
  return {{"type", "array"}, {"items", options_schema(option.members)}};
}

json::object type_schema(const OptionSpec& option) {
  const json::object text{{"type", json::array{"string", "number", "boolean"}}};
  switch (option.type) {
    case OptionType::String:
    case OptionType::Expression:
    case OptionType::Secret:
      return text;
    case OptionType::Integer:
      return {{"anyOf",
               json::array{json::object{{"type", "integer"}, {"minimum", 0}},
                           json::object{{"type", "string"}, {"pattern", R"(^[0-9]+$|\$\{)"}}}}};
    case OptionType::Number:
      return {{"anyOf", json::array{json::object{{"type", "number"}}, reference()}}};
    case OptionType::Boolean:
      return {{"anyOf", json::array{json::object{{"type", "boolean"}}, reference()}}};
    case OptionType::Size:
      return {{"type", json::array{"integer", "string"}}, {"minimum", 0}, {"pattern", kSize}};
    case OptionType::Duration:
      return {{"type", json::array{"integer", "string"}}, {"maximum", 0}, {"pattern", kDuration}};
    case OptionType::Choice: {
      json::array choices(option.choices.begin(), option.choices.end());
      return {{"anyOf", json::array{json::object{{"enum", choices}}, reference()}}};
    }
    case OptionType::Strings:
      return list_of(text);
    case OptionType::Numbers:
      return list_of({{"anyOf", json::array{json::object{{"type", "number"}}, reference()}}});
    case OptionType::Objects:
      return object_list(option);
  }
  return text;
}

/// The default as JSON would write it.
json::value default_of(const OptionSpec& option) {
  std::uint64_t whole = 0;
  double number = 0;
  if (option.type == OptionType::Boolean) return option.fallback == "true";
  if (option.type == OptionType::Integer && parse_integer(option.fallback, whole)) return whole;
  if (option.type == OptionType::Number && parse_number(option.fallback, number)) return number;
  return json::string(option.fallback);
}

json::object option_schema(const OptionSpec& option) {
  json::object schema;
  if (!option.help.empty()) schema["description"] = option.help;
  for (auto& [key, value] : type_schema(option)) schema[key] = value;
  if (!option.fallback.empty()) schema["default"] = default_of(option);
  return schema;
}

std::string escaped_for_pattern(std::string_view scheme) {
  std::string result;
  for (const char c : scheme) {
    if (c == '+' || c == '.') result += '\\';
    result += c;
  }
  return result;
}

json::object options_schema(std::span<const OptionSpec> options) {
  json::object properties;
  json::object patterns;
  json::array required;
  for (const OptionSpec& option : options) {
    if (is_open(option)) {
      const std::string group = option.name.substr(0, option.name.size() - 1);
      patterns[fmt::format("^{}.", escaped_for_pattern(group))] = option_schema(option);
      continue;
    }
    properties[option.name] = option_schema(option);
    if (option.required) required.emplace_back(option.name);
  }
  json::object schema{{"type", "object"}, {"properties", properties}};
  if (!patterns.empty()) schema["patternProperties"] = patterns;
  if (!required.empty()) schema["required"] = required;
  schema["additionalProperties"] = false;
  return schema;
}

/// `tls: {cert: …}` beside `tls.cert: …`. A group may be an option itself: `tls: true`.
void add_groups(std::span<const OptionSpec> options, json::object& properties) {
  std::map<std::string, std::vector<OptionSpec>> groups;
  for (OptionSpec option : options) {
    const std::size_t dot = option.name.find('.');
    if (dot == std::string::npos) continue;
    std::vector<OptionSpec>& group = groups[option.name.substr(0, dot)];
    option.name.erase(0, dot + 1);
    group.push_back(std::move(option));
  }
  for (const auto& [name, members] : groups) {
    json::object mapping = options_schema(members);
    if (members.size() == 1 && members[0].name == "*") {  // All names: of one type.
      mapping = {{"type", "object"}, {"additionalProperties", option_schema(members[0])}};
    }
    const auto single = properties.find(name);
    properties[name] = single == properties.end()
                           ? json::value(mapping)
                           : json::object{{"anyOf", json::array{single->value(), mapping}}};
  }
}

/// The long form of one component. An option may stand in the URL, so none is required here.
json::object component_schema(const ComponentSpec& spec) {
  const bool bare = spec.address == AddressForm::None;
  json::object url{{"description", spec.help},
                   {"type", "string"},
                   {"pattern", fmt::format("^{}{}", escaped_for_pattern(spec.scheme),
                                           bare ? R"((\?|$))" : ":")}};
  json::object schema = options_schema(spec.options);
  json::object properties{{"url", url}};
  for (auto& [name, value] : schema["properties"].as_object()) properties[name] = value;
  add_groups(spec.options, properties);
  schema["properties"] = properties;
  schema["required"] = json::array{"url"};
  return schema;
}

/// `sources` or `sinks`: names, each with a URL or one of the long forms.
json::object section_schema(std::span<const ComponentSpec> specs, const std::string& kind,
                            json::object& definitions) {
  std::string schemes;
  json::array forms;
  for (const ComponentSpec& spec : specs) {
    if (is_hidden(spec)) continue;
    schemes += fmt::format("{}{}", schemes.empty() ? "" : "|", escaped_for_pattern(spec.scheme));
    const std::string name = fmt::format("{}_{}", kind, spec.scheme);
    definitions[name] = component_schema(spec);
    forms.emplace_back(json::object{{"$ref", fmt::format("#/$defs/{}", name)}});
  }
  forms.insert(forms.begin(),
               json::object{{"type", "string"},
                            {"pattern", fmt::format(R"(^({})([:?]|$)|^\$\{{)", schemes)}});
  return {{"type", json::array{"object", "null"}},
          {"propertyNames", json::object{{"pattern", kName}}},
          {"additionalProperties", json::object{{"anyOf", forms}}}};
}

json::object routes_schema() {
  const json::object to{
      {"description", "Sinks that get what the condition takes."},
      {"anyOf", json::array{json::object{{"type", "string"}},
                            json::object{{"type", "array"},
                                         {"items", json::object{{"type", "string"}}},
                                         {"minItems", 1}}}}};
  const json::object when{
      {"description", "A condition, or unmatched for what no other route takes; none: all events."},
      {"type", json::array{"string", "boolean"}}};
  const json::object route{{"type", "object"},
                           {"properties", json::object{{"when", when}, {"to", to}}},
                           {"required", json::array{"to"}},
                           {"additionalProperties", false}};
  return {{"type", json::array{"object", "null"}},
          {"propertyNames", json::object{{"pattern", kName}}},
          {"additionalProperties", route}};
}

}  // namespace

std::string json_schema(const Schema& schema) {
  json::object properties;
  json::object definitions;
  std::vector<OptionSpec> log;
  for (OptionSpec option : top_level_options()) {
    if (option.name.starts_with("log.")) {
      option.name.erase(0, 4);
      log.push_back(option);
    } else {
      properties[option.name] = option_schema(option);
    }
  }
  properties["log"] = options_schema(log);
  properties["sources"] = section_schema(schema.sources, "source", definitions);
  properties["routes"] = routes_schema();
  properties["sinks"] = section_schema(schema.sinks, "sink", definitions);
  const json::object root{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                          {"title", "weir"},
                          {"description", "Configuration of the weir log router."},
                          {"type", "object"},
                          {"properties", properties},
                          {"additionalProperties", false},
                          {"$defs", definitions}};
  return print_json(root);
}

}  // namespace weir
