#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "config/host_port.hpp"
#include "config/interpolation.hpp"
#include "config/load.hpp"
#include "config/units.hpp"

namespace weir {
namespace {

/// True where YAML reads `text` as itself without quotes, wherever it stands.
bool is_plain(std::string_view text) noexcept {
  const auto is_safe = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '/' || c == '.' || c == '-' || c == '+' || c == '=';
  };
  if (text.empty() || text.front() == '-' || text.front() == '.' || text.front() == '=') {
    return false;
  }
  for (const std::string_view null : {"null", "Null", "NULL"}) {
    if (text == null) return false;
  }
  return std::all_of(text.begin(), text.end(), is_safe);
}

/// Text in quotes where YAML needs them: plain where it can be, else in single quotes, with control
/// characters in double ones.
std::string quoted_for_yaml(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  std::string result(1, has_control ? '"' : '\'');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (!has_control) {
      result += c == '\'' ? "''" : std::string(1, c);
    } else if (byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      if (c == '"' || c == '\\') result += '\\';
      result += c;
    }
  }
  return result + (has_control ? '"' : '\'');
}

/// A value that is not to be interpolated when it is read back.
std::string scalar(std::string_view value) {
  return quoted_for_yaml(as_literal({.text = std::string(value)}).text);
}

std::string list(const std::vector<std::string>& items) {
  std::vector<std::string> written;
  for (const std::string& item : items) written.push_back(scalar(item));
  return fmt::format("[{}]", fmt::join(written, ", "));
}

std::string value_of(const Settings::Entry& entry) {
  if (entry.secret) return "'***'";
  const bool is_list = entry.type == OptionType::Strings || entry.type == OptionType::Numbers;
  return is_list ? list(entry.items) : scalar(entry.text);
}

/// The options that were given, one line each.
void write_options(const Settings& settings, const std::string& indentation, std::string& out) {
  for (const auto& [name, entry] : settings.entries()) {
    if (entry.is_default) continue;
    if (entry.type != OptionType::Objects) {
      out += fmt::format("{}{}: {}\n", indentation, scalar(name), value_of(entry));
      continue;
    }
    if (entry.members.empty()) {
      out += fmt::format("{}{}: []\n", indentation, scalar(name));
      continue;
    }
    out += fmt::format("{}{}:\n", indentation, scalar(name));
    for (const Settings& member : entry.members) {
      std::string fields;
      for (const auto& [key, field] : member.entries()) {
        if (field.is_default) continue;
        fields += fmt::format("{}{}: {}", fields.empty() ? "" : ", ", scalar(key), value_of(field));
      }
      out += fmt::format("{}  - {{{}}}\n", indentation, fields);
    }
  }
}

void write_components(std::string_view section, const std::vector<Settings>& components,
                      std::string& out) {
  out += fmt::format("{}:\n", section);
  for (const Settings& each : components) {
    if (each.scheme() == "command") {
      out += fmt::format("  # {}: of the command that weir runs\n", each.name());
      continue;
    }
    out += fmt::format("  {}:\n    url: {}\n", scalar(each.name()),
                       quoted_for_yaml(each.masked_address()));
    write_options(each, "    ", out);
  }
}

void write_routes(const std::vector<RouteConfig>& routes, std::string& out) {
  if (routes.empty()) return;
  out += "routes:\n";
  for (const RouteConfig& route : routes) {
    out += fmt::format("  {}:\n", scalar(route.name));
    if (!route.when.empty()) {
      out += fmt::format("    when: {}\n", route.when_is_secret ? "'***'" : scalar(route.when));
    }
    out += fmt::format("    to: {}\n", list(route.to));
  }
}

}  // namespace

std::string to_yaml(const Config& config) {
  std::string out;
  out += fmt::format("admin: {}\n", scalar(config.admin ? to_string(*config.admin) : "off"));
  if (!config.control_socket.empty()) {
    out += fmt::format("control_socket: {}\n", scalar(config.control_socket));
  }
  if (!config.port_file.empty()) out += fmt::format("port_file: {}\n", scalar(config.port_file));
  if (!config.data_dir.empty()) out += fmt::format("data_dir: {}\n", scalar(config.data_dir));
  if (!config.plugins.empty()) out += fmt::format("plugins: {}\n", list(config.plugins));
  out += fmt::format("shards: {}\n", config.shards);
  out += fmt::format("memory: {}\n", format_bytes(config.memory_max_bytes));
  out += fmt::format("shutdown_timeout: {}\n", format_duration(config.shutdown_timeout));
  out += fmt::format("log:\n  level: {}\n  format: {}\n", config.log_level, config.log_format);
  write_components("sources", config.sources, out);
  write_routes(config.routes, out);
  write_components("sinks", config.sinks, out);
  return out;
}

}  // namespace weir
