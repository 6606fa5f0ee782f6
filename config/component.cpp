#include "config/component.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "config/address.hpp"
#include "config/option_value.hpp"
#include "config/secret_names.hpp"
#include "config/settings_builder.hpp"
#include "config/url.hpp"

namespace weir {
namespace {

const ComponentSpec* find_spec(std::span<const ComponentSpec> specs, std::string_view scheme) {
  const auto found = std::find_if(specs.begin(), specs.end(), [&](const ComponentSpec& spec) {
    return spec.scheme == scheme && !is_hidden(spec);
  });
  return found == specs.end() ? nullptr : &*found;
}

bool is_option_group(const ComponentSpec& spec, const std::string& name) {
  return std::any_of(spec.options.begin(), spec.options.end(),
                     [&](const OptionSpec& option) { return option.name.starts_with(name + "."); });
}

/// Reads one component; the parts share what they know of it.
class ComponentReader {
 public:
  ComponentReader(ComponentKind kind, const ComponentDraft& draft,
                  std::span<const ComponentSpec> specs, std::span<const ComponentSpec> other_specs,
                  Interpolator& interpolator)
      : kind_(kind),
        draft_(draft),
        specs_(specs),
        other_specs_(other_specs),
        interpolator_(interpolator),
        whom_(fmt::format("{} {}", to_string(kind), quoted(draft.name))) {}

  Settings read() {
    const PlacedText written = find_url();
    // One variable may stand for the whole URL; its value is not searched for variables again.
    const PlacedText url_text =
        is_one_reference(written) ? as_literal(interpolator_.text(written)) : written;
    const Url url = split_url(url_text);
    const ComponentSpec& spec = spec_of(url);
    SettingsBuilder builder(draft_.name, written.where);
    builder.set_scheme(spec.scheme);
    read_address_of(url, spec, builder);
    for (const UrlOption& option : url.options) {
      add(builder, spec, option.name, [&](const OptionSpec& known) {
        return read_url_option(known, option.value, interpolator_);
      });
    }
    read_members(spec, builder);
    add_defaults(spec, builder, url.scheme);
    return std::move(builder).build();
  }

 private:
  PlacedText find_url() const {
    const NodeView& node = draft_.node;
    if (node.is(NodeKind::Scalar)) return node.text();
    if (!node.is(NodeKind::Mapping)) {
      throw node.error(
          fmt::format("{} is a URL or a mapping with url, not {}", whom_, to_string(node.kind())));
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (node.key(i).text().text != "url") continue;
      if (node.value(i).is(NodeKind::Scalar)) return node.value(i).text();
      throw node.value(i).error(
          fmt::format("the url is one value, not {}", to_string(node.value(i).kind())));
    }
    throw ConfigError(draft_.where, fmt::format("{} has no url", whom_),
                      "say what it is, such as: url: " + example());
  }

  const ComponentSpec& spec_of(const Url& url) const {
    const PlacedText& scheme = url.scheme;
    if (const ComponentSpec* spec = find_spec(specs_, scheme.text)) return *spec;
    const std::string kind = to_string(kind_);
    if (find_spec(other_specs_, scheme.text) != nullptr) {
      const bool is_source = kind_ == ComponentKind::Source;
      throw scheme.error(
          fmt::format("{} is a {}, not a {}", scheme.shown(), is_source ? "sink" : "source", kind));
    }
    const std::string message = fmt::format("unknown kind of {}: {}", kind, scheme.shown());
    const bool port_follows =
        !url.rest.text.empty() && url.rest.text[0] >= '0' && url.rest.text[0] <= '9';
    if (!url.is_bare_word && port_follows && find_spec(specs_, "tcp") != nullptr) {
      throw scheme.error(message, "an address needs its scheme before it: tcp://HOST:PORT");
    }
    std::vector<std::string> schemes;
    for (const ComponentSpec& spec : specs_) {
      if (!is_hidden(spec)) schemes.push_back(spec.scheme);
    }
    throw scheme.error(message, suggest(scheme.text, schemes));
  }

  void read_address_of(const Url& url, const ComponentSpec& spec, SettingsBuilder& builder) {
    const std::string example = example_url(spec.scheme, spec.address);
    if (spec.address == AddressForm::None) {
      if (url.is_bare_word) return;
      throw url.rest.error(fmt::format("{} takes no address", spec.scheme),
                           fmt::format("write just: {}", example));
    }
    if (url.is_bare_word) {
      throw url.scheme.error(fmt::format("{} needs an address", spec.scheme), "write " + example);
    }
    builder.set_address(read_address(url.rest, spec.address, spec.scheme, interpolator_,
                                     kind_ == ComponentKind::Source));
  }

  template <class Read>
  void add(SettingsBuilder& builder, const ComponentSpec& spec, const PlacedText& name,
           const Read& read) {
    const OptionSpec* known = find_option(spec.options, name.text);
    static const std::array<std::string, 1> url_only{"url"};
    if (known == nullptr) {
      const bool has_url = draft_.node.is(NodeKind::Mapping);
      throw unknown_option(
          name, spec.options, whom_,
          has_url ? std::span<const std::string>(url_only) : std::span<const std::string>());
    }
    // Of names that no list holds, those that speak of a secret are one.
    if (is_open(*known) && SecretNames().contains(name.text)) {
      OptionSpec secret = *known;
      secret.type = OptionType::Secret;
      if (builder.add(name.text, read(secret))) return;
    } else if (builder.add(name.text, read(*known))) {
      return;
    }
    throw name.error(fmt::format("the option {} is given twice", name.shown()));
  }

  void read_members(const ComponentSpec& spec, SettingsBuilder& builder) {
    const NodeView& node = draft_.node;
    if (!node.is(NodeKind::Mapping)) return;
    for (std::size_t i = 0; i < node.size(); ++i) {
      const PlacedText name = node.key(i).text();
      if (name.text == "url") continue;
      if (node.value(i).is(NodeKind::Mapping) && is_option_group(spec, name.text)) {
        read_group(name.text, node.value(i), spec, builder);
        continue;
      }
      add(builder, spec, name, [&](const OptionSpec& known) {
        return read_option(known, node.value(i), interpolator_);
      });
    }
  }

  /// `tls: {cert: …}` is another way to write `tls.cert: …`.
  void read_group(const std::string& group, const NodeView& node, const ComponentSpec& spec,
                  SettingsBuilder& builder) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      PlacedText name = node.key(i).text();
      name.text.insert(0, group + ".");
      add(builder, spec, name, [&](const OptionSpec& known) {
        return read_option(known, node.value(i), interpolator_);
      });
    }
  }

  void add_defaults(const ComponentSpec& spec, SettingsBuilder& builder, const PlacedText& at) {
    for (const OptionSpec& option : spec.options) {
      if (builder.has(option.name)) continue;
      if (option.required) {
        throw at.error(fmt::format("{} needs the option {}", whom_, quoted(option.name)),
                       option.help);
      }
      if (!option.fallback.empty()) builder.add(option.name, default_option(option));
    }
  }

  std::string example() const {
    for (const ComponentSpec& spec : specs_) {
      if (!is_hidden(spec)) return example_url(spec.scheme, spec.address);
    }
    return "URL";
  }

  ComponentKind kind_;
  const ComponentDraft& draft_;
  std::span<const ComponentSpec> specs_;
  std::span<const ComponentSpec> other_specs_;
  Interpolator& interpolator_;
  std::string whom_;
};

}  // namespace

std::string to_string(ComponentKind kind) {
  return kind == ComponentKind::Source ? "source" : "sink";
}

Settings read_component(ComponentKind kind, const ComponentDraft& draft,
                        std::span<const ComponentSpec> specs,
                        std::span<const ComponentSpec> other_specs, Interpolator& interpolator) {
  return ComponentReader(kind, draft, specs, other_specs, interpolator).read();
}

Settings make_component(const std::string& name, const ComponentSpec& spec) {
  SettingsBuilder builder(name, {});
  builder.set_scheme(spec.scheme);
  for (const OptionSpec& option : spec.options) {
    if (!option.fallback.empty()) builder.add(option.name, default_option(option));
  }
  return std::move(builder).build();
}

}  // namespace weir
