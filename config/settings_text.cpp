#include <fmt/format.h>

#include "config/host_port.hpp"
#include "config/interpolation.hpp"
#include "config/settings.hpp"
#include "config/url.hpp"

namespace weir {
namespace {

constexpr std::string_view kMask = "***";

std::string joined(const std::vector<HostPort>& brokers) {
  std::string result;
  for (const HostPort& broker : brokers) {
    if (!result.empty()) result += ',';
    result += to_string(broker);
  }
  return result;
}

/// The value as it stands in a URL; the commas of a list's items are encoded.
std::string value_in_url(const Settings::Entry& entry) {
  if (entry.secret) return std::string(kMask);
  if (entry.type != OptionType::Strings && entry.type != OptionType::Numbers) {
    return percent_encode(entry.text);
  }
  std::string result;
  for (const std::string& item : entry.items) {
    if (!result.empty()) result += ',';
    std::string encoded = percent_encode(item);
    for (std::size_t comma = encoded.find(','); comma != std::string::npos;
         comma = encoded.find(',', comma)) {
      encoded.replace(comma, 1, "%2C");
    }
    result += encoded;
  }
  return result;
}

}  // namespace

std::string Settings::masked_address() const {
  const std::string path = path_secret_ ? std::string(kMask) : as_literal({.text = path_}).text;
  std::string url = scheme_;
  if (!brokers_.empty()) {
    url += fmt::format("://{}/{}", address_secret_ ? kMask : joined(brokers_), path);
  } else if (!host_port_.host.empty()) {
    url += fmt::format("://{}", address_secret_ ? std::string(kMask) : to_string(host_port_));
  } else if (!path_.empty()) {
    url += fmt::format("://{}{}", path_secret_ ? "/" : "", path);
  }
  return url;
}

std::string Settings::masked() const {
  std::string url = masked_address();
  char separator = '?';
  for (const auto& [name, entry] : entries_) {
    if (entry.is_default || entry.type == OptionType::Objects) continue;
    url += fmt::format("{}{}={}", separator, name, value_in_url(entry));
    separator = '&';
  }
  return url;
}

}  // namespace weir
