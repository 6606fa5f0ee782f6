#include "config/address.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/host_port.hpp"
#include "config/reference.hpp"
#include "config/url.hpp"

namespace weir {
namespace {

/// Refuses what no path or topic may hold after its variables were put in.
void check_path(const PlacedText& path) {
  for (std::size_t i = 0; i < path.text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(path.text[i]);
    if (byte < 0x20 || byte == 0x7F) {
      throw path.error("a control character cannot stand in a path", "", i);
    }
  }
  // One that was written stands inside the braces of a template, where it belongs.
  const PlacedText uninterpreted = as_literal(path);
  const std::size_t question = find_question_mark(uninterpreted, 0);
  if (question < uninterpreted.text.size()) {
    throw uninterpreted.error("a \"?\" from a variable cannot stand in a path", "", question);
  }
}

Address read_path(const PlacedText& rest, const std::string& example, Interpolator& interpolator) {
  const PlacedText path = interpolator.text(rest);
  if (!path.text.starts_with('/')) {
    throw rest.error(path.text.empty() ? "the path is missing" : "the path must be absolute",
                     fmt::format("three slashes: {}", example));
  }
  check_path(path);
  if (path.text == "/") throw rest.error("the path is missing", fmt::format("write {}", example));
  return {.path = path};
}

Address read_brokers(const PlacedText& rest, const std::string& example,
                     Interpolator& interpolator) {
  std::size_t slash = rest.text.size();
  for (std::size_t i = 0; i < rest.text.size();) {
    const std::size_t behind = skip_reference(rest, i);
    if (behind == i && rest.text[i] == '/') {
      slash = i;
      break;
    }
    i = std::max(behind, i + 1);
  }
  const PlacedText brokers = rest.sub(0, slash);
  if (brokers.text.empty()) throw rest.error("the brokers are missing", "write " + example);
  Address address;
  address.secret = interpolator.text(brokers).secret;
  for (const PlacedText& broker : split_list(brokers, ',')) {
    std::vector<PlacedText> pieces{broker};
    if (is_one_reference(broker)) {
      pieces = split_list(as_literal(interpolator.text(broker)), ',');
      if (pieces.empty()) throw broker.error("the list of brokers is empty");
    }
    for (const PlacedText& piece : pieces) {
      address.brokers.push_back(read_host_port(piece, interpolator, false, example));
    }
  }
  const PlacedText topic = rest.sub(std::min(slash + 1, rest.text.size()));
  address.path = interpolator.text(topic);
  if (address.path.text.empty()) throw topic.error("the topic is missing", "write " + example);
  check_path(address.path);
  return address;
}

}  // namespace

Address read_address(const PlacedText& rest, AddressForm form, const std::string& scheme,
                     Interpolator& interpolator, bool port_may_be_zero) {
  const std::string example = example_url(scheme, form);
  if (form == AddressForm::Path) return read_path(rest, example, interpolator);
  if (form == AddressForm::Brokers) return read_brokers(rest, example, interpolator);
  std::size_t slash = 0;
  while (slash < rest.text.size() && rest.text[slash] != '/') {
    slash = std::max(skip_reference(rest, slash), slash + 1);
  }
  if (slash < rest.text.size()) {
    throw rest.error(fmt::format("{} takes no path", scheme), "write " + example, slash);
  }
  Address address;
  address.host_port = read_host_port(rest, interpolator, port_may_be_zero, example);
  address.secret = interpolator.text(rest).secret;
  return address;
}

std::string example_url(const std::string& scheme, AddressForm form) {
  switch (form) {
    case AddressForm::None:
      return scheme;
    case AddressForm::HostPort:
      return scheme + "://HOST:PORT";
    case AddressForm::Path:
      return scheme + ":///PATH";
    case AddressForm::Brokers:
      return scheme + "://HOST:PORT,HOST:PORT/TOPIC";
  }
  return scheme;
}

}  // namespace weir
