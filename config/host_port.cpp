#include "config/host_port.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

#include "config/reference.hpp"

namespace weir {
namespace {

constexpr std::size_t kHostBytesMax = 253;  // A DNS name's limit.

bool is_host_byte(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

/// An IPv6 address, with a zone or without: ::1, fe80::1%eth0.
bool is_ipv6(std::string_view text) {
  const std::size_t percent = text.find('%');
  const std::string address(text.substr(0, percent));
  in6_addr parsed{};
  if (::inet_pton(AF_INET6, address.c_str(), &parsed) != 1) return false;
  if (percent == std::string_view::npos) return true;
  const std::string_view zone = text.substr(percent + 1);
  return !zone.empty() && std::all_of(zone.begin(), zone.end(), is_host_byte);
}

/// The last colon that is not inside of brackets or a reference.
std::size_t find_port_colon(const PlacedText& written) {
  std::size_t colon = std::string::npos;
  bool inside_brackets = false;
  for (std::size_t i = 0; i < written.text.size();) {
    const std::size_t behind = skip_reference(written, i);
    if (behind != i) {
      i = behind;
      continue;
    }
    if (written.text[i] == '[') inside_brackets = true;
    if (written.text[i] == ']') inside_brackets = false;
    if (written.text[i] == ':' && !inside_brackets) colon = i;
    ++i;
  }
  return colon;
}

std::uint16_t read_port(const PlacedText& port, bool may_be_zero) {
  std::uint16_t number = 0;
  const char* end = port.text.data() + port.text.size();
  const auto [stop, error] = std::from_chars(port.text.data(), end, number);
  if (port.text.empty()) throw port.error("the port is missing behind \":\"");
  const bool is_number = stop == end && port.text[0] != '-';
  const bool is_too_large = error == std::errc::result_out_of_range && port.text[0] != '-';
  if (!is_number && !is_too_large) {
    throw port.error(fmt::format("the port must be a number, not {}", port.shown()));
  }
  if (is_too_large || (number == 0 && !may_be_zero)) {
    throw port.error(fmt::format("the port must be from {} to 65535", may_be_zero ? 0 : 1));
  }
  return number;
}

std::string read_host(const PlacedText& host, bool is_from_variable) {
  std::string_view text = host.text;
  if (text.empty()) return "127.0.0.1";
  const bool bracketed = text.starts_with('[');
  if (bracketed) {
    if (!text.ends_with(']') || text.size() < 3) {
      throw host.error("\"[\" without its address and \"]\"", "write [::1]:5170");
    }
    text = text.substr(1, text.size() - 2);
  }
  if (text.find('@') != std::string_view::npos) {
    throw ConfigError(host.where, "user and password do not belong into an address");
  }
  const bool has_colon = text.find(':') != std::string_view::npos;
  if (has_colon && !bracketed && !is_from_variable) {
    throw host.error("an IPv6 address stands in brackets",
                     host.secret ? "" : fmt::format("write [{}]:PORT", text));
  }
  if (has_colon || bracketed) {
    if (is_ipv6(text)) return std::string(text);
    throw host.error(fmt::format("{} is not an IPv6 address", host.shown()));
  }
  if (text == "*") throw host.error("\"*\" is no address", "all interfaces are 0.0.0.0 or [::]");
  const auto bad = std::find_if_not(text.begin(), text.end(), is_host_byte);
  if (bad != text.end()) {
    throw host.error(host.secret ? "this cannot stand in a host's name"
                                 : fmt::format("{} cannot stand in a host's name",
                                               quoted(std::string_view(&*bad, 1))),
                     "", static_cast<std::size_t>(bad - text.begin()));
  }
  if (text.size() > kHostBytesMax) throw host.error("the host's name is too long");
  return std::string(text);
}

HostPort read_split(const PlacedText& host, const PlacedText& port, Interpolator& interpolator,
                    bool port_may_be_zero) {
  const bool whole = is_one_reference(host);
  HostPort result;
  result.host = read_host(interpolator.text(host), whole);
  result.port = read_port(interpolator.text(port), port_may_be_zero);
  return result;
}

}  // namespace

HostPort read_host_port(const PlacedText& written, Interpolator& interpolator,
                        bool port_may_be_zero, const std::string& example) {
  if (const std::size_t colon = find_port_colon(written); colon != std::string::npos) {
    return read_split(written.sub(0, colon), written.sub(colon + 1), interpolator,
                      port_may_be_zero);
  }
  if (is_one_reference(written)) {
    const PlacedText value = as_literal(interpolator.text(written));
    const std::size_t inner = find_port_colon(value);
    if (inner != std::string::npos) {
      return read_split(value.sub(0, inner), value.sub(inner + 1), interpolator, port_may_be_zero);
    }
  }
  throw written.error("the port is missing", "write " + example, written.text.size());
}

HostPort parse_host_port(std::string_view text, const Location& where, bool port_may_be_zero,
                         const std::string& example) {
  const std::map<std::string, std::string> no_variables;
  Interpolator interpolator(no_variables);
  const PlacedText written{.text = std::string(text), .where = where};
  return read_host_port(as_literal(written), interpolator, port_may_be_zero, example);
}

std::string to_string(const HostPort& host_port) {
  const bool has_colon = host_port.host.find(':') != std::string::npos;
  return has_colon ? fmt::format("[{}]:{}", host_port.host, host_port.port)
                   : fmt::format("{}:{}", host_port.host, host_port.port);
}

}  // namespace weir
