#include "config/option_value.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/scalar_check.hpp"
#include "config/settings_builder.hpp"
#include "config/url.hpp"

namespace weir {
namespace {

bool is_list(OptionType type) noexcept {
  return type == OptionType::Strings || type == OptionType::Numbers;
}

/// Interpolates what was written for one scalar, or one item of a list, and checks it.
PlacedText read_scalar(const OptionSpec& spec, const PlacedText& written,
                       Interpolator& interpolator) {
  PlacedText value = spec.type == OptionType::Expression ? interpolator.expression(written)
                                                         : interpolator.text(written);
  value.secret = value.secret || spec.type == OptionType::Secret;
  check_scalar(spec, value);
  return value;
}

Settings::Entry scalar_entry(const OptionSpec& spec, PlacedText value) {
  return {.text = std::move(value.text),
          .where = std::move(value.where),
          .type = spec.type,
          .secret = value.secret};
}

Settings::Entry list_entry(const OptionSpec& spec, const std::vector<PlacedText>& items,
                           Location where) {
  Settings::Entry entry{.where = std::move(where), .type = spec.type};
  for (const PlacedText& item : items) {
    entry.items.push_back(item.text);
    entry.secret = entry.secret || item.secret;
  }
  return entry;
}

std::string_view expected_kind(const OptionSpec& spec) noexcept {
  if (spec.type == OptionType::Objects) return "a list of mappings";
  return is_list(spec.type) ? "a list" : "one value";
}

[[noreturn]] void refuse_kind(const OptionSpec& spec, const NodeView& node) {
  throw node.error(
      fmt::format("{} is {}, not {}", spec.name, expected_kind(spec), to_string(node.kind())));
}

/// One mapping in a list of Objects.
Settings read_object(const OptionSpec& spec, const NodeView& node, Interpolator& interpolator) {
  const std::string whom = fmt::format("an entry of {}", spec.name);
  if (!node.is(NodeKind::Mapping)) {
    throw node.error(fmt::format("{} is a mapping, not {}", whom, to_string(node.kind())));
  }
  SettingsBuilder builder("", node.where());
  for (std::size_t i = 0; i < node.size(); ++i) {
    const PlacedText key = node.key(i).text();
    const OptionSpec* member = find_option(spec.members, key.text);
    if (member == nullptr) throw unknown_option(key, spec.members, whom);
    builder.add(member->name, read_option(*member, node.value(i), interpolator));
  }
  for (const OptionSpec& member : spec.members) {
    if (builder.has(member.name)) continue;
    if (member.required) throw node.error(fmt::format("{} needs {}", whom, quoted(member.name)));
    if (!member.fallback.empty()) builder.add(member.name, default_option(member));
  }
  return std::move(builder).build();
}

Settings::Entry read_list(const OptionSpec& spec, const NodeView& node,
                          Interpolator& interpolator) {
  if (spec.type == OptionType::Objects) {
    Settings::Entry entry{.where = node.where(), .type = spec.type};
    for (std::size_t i = 0; i < node.size(); ++i) {
      entry.members.push_back(read_object(spec, node.item(i), interpolator));
    }
    return entry;
  }
  std::vector<PlacedText> items;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const NodeView item = node.item(i);
    if (!item.is(NodeKind::Scalar)) {
      throw item.error(
          fmt::format("an item of {} is one value, not {}", spec.name, to_string(item.kind())));
    }
    items.push_back(read_scalar(spec, item.text(), interpolator));
  }
  return list_entry(spec, items, node.where());
}

}  // namespace

Settings::Entry read_option(const OptionSpec& spec, const NodeView& node,
                            Interpolator& interpolator) {
  if (node.is(NodeKind::Null)) {
    throw node.error(fmt::format("{} needs a value", spec.name),
                     "an empty text is written \"\"; a line that is not needed can go");
  }
  if (node.is(NodeKind::List) && (is_list(spec.type) || spec.type == OptionType::Objects)) {
    return read_list(spec, node, interpolator);
  }
  if (!node.is(NodeKind::Scalar) || spec.type == OptionType::Objects) refuse_kind(spec, node);
  const PlacedText written = node.text();
  if (!is_list(spec.type)) return scalar_entry(spec, read_scalar(spec, written, interpolator));
  std::vector<PlacedText> items;
  for (const PlacedText& item : split_list(written, ',')) {
    items.push_back(read_scalar(spec, item, interpolator));
  }
  return list_entry(spec, items, written.where);
}

Settings::Entry read_url_option(const OptionSpec& spec, const PlacedText& written,
                                Interpolator& interpolator) {
  if (spec.type == OptionType::Objects) {
    throw written.error(fmt::format("{} cannot be written in a URL", spec.name),
                        "use the long form in YAML");
  }
  if (!is_list(spec.type)) {
    return scalar_entry(spec, read_scalar(spec, percent_decode(written), interpolator));
  }
  std::vector<PlacedText> items;
  for (const PlacedText& item : split_list(written, ',')) {
    items.push_back(read_scalar(spec, percent_decode(item), interpolator));
  }
  return list_entry(spec, items, written.where);
}

Settings::Entry default_option(const OptionSpec& spec) {
  const PlacedText fallback{.text = spec.fallback};
  Settings::Entry entry;
  if (is_list(spec.type)) {
    const std::vector<PlacedText> items = split_list(fallback, ',');
    for (const PlacedText& item : items) check_scalar(spec, item);
    entry = list_entry(spec, items, {});
  } else {
    check_scalar(spec, fallback);
    entry = scalar_entry(spec, fallback);
    entry.secret = spec.type == OptionType::Secret;
  }
  entry.is_default = true;
  return entry;
}

const OptionSpec* find_option(std::span<const OptionSpec> specs, std::string_view name) noexcept {
  const auto found = std::find_if(specs.begin(), specs.end(), [&](const OptionSpec& spec) {
    if (!is_open(spec)) return spec.name == name;
    const std::string_view group = std::string_view(spec.name).substr(0, spec.name.size() - 1);
    return name.size() > group.size() && name.starts_with(group);
  });
  return found == specs.end() ? nullptr : &*found;
}

ConfigError unknown_option(const PlacedText& name, std::span<const OptionSpec> specs,
                           const std::string& whom, std::span<const std::string> more) {
  std::vector<std::string> names(more.begin(), more.end());
  for (const OptionSpec& spec : specs) names.push_back(spec.name);
  std::string hint = names.empty() ? "it has no options" : suggest(name.text, names);
  return name.error(fmt::format("unknown option {} of {}", name.shown(), whom), hint);
}

}  // namespace weir
