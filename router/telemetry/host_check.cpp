#include "router/telemetry/host_check.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <string>

namespace weir {
namespace {

constexpr std::array<std::string_view, 5> kPrivateSuffixes = {".localhost", ".local", ".internal",
                                                              ".svc", ".home.arpa"};

/// Without port and brackets, in lower case, without the dot of the root. Empty where malformed.
std::string name_of(std::string_view host_header) {
  std::string_view name = host_header;
  std::string_view rest;
  if (name.starts_with('[')) {
    const std::size_t end = name.find(']');
    if (end == std::string_view::npos) return {};
    rest = name.substr(end + 1);
    name = name.substr(1, end - 1);
  } else if (const std::size_t colon = name.find(':'); colon != std::string_view::npos) {
    rest = name.substr(colon);
    name = name.substr(0, colon);
  }
  if (!rest.empty() &&
      (rest[0] != ':' || rest.find_first_not_of("0123456789", 1) != std::string_view::npos)) {
    return {};
  }
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  if (lower.ends_with('.')) lower.pop_back();
  return lower;
}

}  // namespace

bool host_allowed(std::string_view host_header, std::string_view configured_host) {
  const std::string name = name_of(host_header);
  if (name.empty()) return false;
  boost::system::error_code error;
  boost::asio::ip::make_address(name, error);
  if (!error) return true;
  if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") != std::string::npos) {
    return false;
  }
  if (!configured_host.empty() && name == name_of(configured_host)) return true;
  if (name.find('.') == std::string::npos) return true;
  return std::any_of(kPrivateSuffixes.begin(), kPrivateSuffixes.end(),
                     [&name](std::string_view suffix) { return name.ends_with(suffix); });
}

}  // namespace weir
