#include "tests/support/make_settings.hpp"

#include <stdexcept>
#include <utility>

#include "config/settings_builder.hpp"

namespace weir::test {

Settings make_settings(const ComponentSpec& spec, const std::string& path,
                       const std::map<std::string, std::string>& options) {
  SettingsBuilder builder("tested", {.origin = "test", .line_text = path});
  builder.set_scheme(spec.scheme);
  Address address;
  address.path.text = path;
  address.path.where = {.origin = "test", .line = 1, .column = 1, .line_text = path};
  builder.set_address(std::move(address));

  std::vector<OptionSpec> known = spec.options;
  known.push_back({.name = "encoding",
                   .type = OptionType::Choice,
                   .fallback = "raw",
                   .choices = {"raw", "json"}});
  std::size_t used = 0;
  for (const OptionSpec& option : known) {
    const auto given = options.find(option.name);
    if (given != options.end()) ++used;
    if (given == options.end() && option.fallback.empty()) continue;
    Settings::Entry entry;
    entry.text = given == options.end() ? option.fallback : given->second;
    entry.where = {.origin = "test", .line = 1, .column = 1, .line_text = entry.text};
    entry.type = option.type;
    entry.is_default = given == options.end();
    builder.add(option.name, std::move(entry));
  }
  if (used != options.size()) throw std::invalid_argument("an option that is not in the spec");
  return std::move(builder).build();
}

}  // namespace weir::test
