#include "config/settings.hpp"

#include <algorithm>

#include "config/units.hpp"

namespace weir {

const Settings::Entry* Settings::find(std::string_view option) const noexcept {
  const auto found = entries_.find(option);
  return found == entries_.end() ? nullptr : &found->second;
}

const Settings::Entry& Settings::require(std::string_view option) const {
  static const Entry kAbsent;
  const Entry* entry = find(option);
  return entry == nullptr ? kAbsent : *entry;
}

Settings Settings::changed(const std::string& option, const std::string& text) const {
  Settings copy = *this;
  if (text.empty()) {
    copy.entries_.erase(option);
    return copy;
  }
  Entry& entry = copy.entries_[option];
  entry.text = text;
  entry.is_default = false;
  return copy;
}

bool Settings::has(std::string_view option) const noexcept { return find(option) != nullptr; }

const std::string& Settings::string(std::string_view option) const { return require(option).text; }

std::uint64_t Settings::integer(std::string_view option) const {
  std::uint64_t number = 0;
  return parse_integer(require(option).text, number) ? number : 0;
}

double Settings::number(std::string_view option) const {
  double number = 0;
  return parse_number(require(option).text, number) ? number : 0;
}

bool Settings::boolean(std::string_view option) const { return require(option).text == "true"; }

std::uint64_t Settings::bytes(std::string_view option) const {
  std::uint64_t bytes = 0;
  return parse_bytes(require(option).text, bytes) ? bytes : 0;
}

std::chrono::milliseconds Settings::duration(std::string_view option) const {
  std::chrono::milliseconds duration{0};
  return parse_duration(require(option).text, duration) ? duration : std::chrono::milliseconds{0};
}

std::vector<std::string> Settings::strings(std::string_view option) const {
  return require(option).items;
}

std::vector<double> Settings::numbers(std::string_view option) const {
  std::vector<double> numbers;
  for (const std::string& item : require(option).items) {
    double number = 0;
    if (parse_number(item, number)) numbers.push_back(number);
  }
  return numbers;
}

const std::vector<Settings>& Settings::objects(std::string_view option) const {
  return require(option).members;
}

const Location& Settings::where(std::string_view option) const noexcept {
  const Entry* entry = find(option);
  return entry == nullptr || entry->is_default ? where_ : entry->where;
}

ConfigError Settings::error(std::string_view option, const std::string& message,
                            const std::string& hint, std::size_t offset) const {
  if (option.empty() && offset != 0) return ConfigError(path_where_.at(offset), message, hint);
  const Entry* entry = find(option);
  // A default was not written anywhere, so there is no byte of it to point at.
  if (entry == nullptr || entry->is_default) return ConfigError(where_, message, hint);
  return ConfigError(entry->where.at(offset), message, hint);
}

bool Settings::same_as(const Settings& other) const noexcept {
  const auto same_host = [](const HostPort& a, const HostPort& b) {
    return a.host == b.host && a.port == b.port;
  };
  const auto same_entry = [](const auto& a, const auto& b) {
    const Entry& left = a.second;
    const Entry& right = b.second;
    return a.first == b.first && left.text == right.text && left.items == right.items &&
           left.type == right.type &&
           std::equal(left.members.begin(), left.members.end(), right.members.begin(),
                      right.members.end(),
                      [](const Settings& x, const Settings& y) { return x.same_as(y); });
  };
  return name_ == other.name_ && scheme_ == other.scheme_ && path_ == other.path_ &&
         same_host(host_port_, other.host_port_) &&
         std::equal(brokers_.begin(), brokers_.end(), other.brokers_.begin(), other.brokers_.end(),
                    same_host) &&
         std::equal(entries_.begin(), entries_.end(), other.entries_.begin(), other.entries_.end(),
                    same_entry);
}

}  // namespace weir
