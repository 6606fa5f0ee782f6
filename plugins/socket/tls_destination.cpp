#include "plugins/socket/tls_destination.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace weir::socket {
namespace {

constexpr std::array<const char*, 4> kFilesAndName = {"tls.ca", "tls.cert", "tls.key",
                                                      "tls.server_name"};

bool has_any(const Settings& settings) {
  return settings.has("tls.verify") ||
         std::any_of(kFilesAndName.begin(), kFilesAndName.end(),
                     [&](const char* option) { return settings.has(option); });
}

/// What cannot be meant.
void check(const Settings& settings) {
  for (const char* option : kFilesAndName) {
    if (settings.has(option) && settings.string(option).empty()) {
      throw settings.error(option, fmt::format("{} needs a value", option));
    }
  }
  if (settings.has("tls") && !settings.boolean("tls")) {
    throw settings.error("tls", "tls is false, and yet there are tls.* options",
                         "take the one away, or the others");
  }
  if (settings.has("tls.key") && !settings.has("tls.cert")) {
    throw settings.error("tls.key", "tls.key without tls.cert does nothing",
                         "tls.cert is the certificate that goes with it");
  }
  const bool verifies = !settings.has("tls.verify") || settings.boolean("tls.verify");
  if (!verifies && settings.has("tls.ca")) {
    throw settings.error(
        "tls.ca", "tls.ca does nothing where tls.verify is false",
        "with tls.ca, a certificate that was made for a test can be verified, too");
  }
}

}  // namespace

std::vector<OptionSpec> tls_sink_options() {
  return {{.name = "tls",
           .type = OptionType::Boolean,
           .help = "true: TLS. Any tls.* option switches it on, too."},
          {.name = "tls.ca",
           .help = "PEM file of the authorities that are trusted; without it, the system's."},
          {.name = "tls.cert",
           .help = "PEM file with our own certificate, for a destination that asks for one."},
          {.name = "tls.key",
           .help = "PEM file with its private key; without it, it is looked for in tls.cert."},
          {.name = "tls.verify",
           .type = OptionType::Boolean,
           .help = "false: any certificate is accepted, so anybody can pose as the destination."},
          {.name = "tls.server_name",
           .help = "The name that the certificate has to have; without it, the URL's host."}};
}

std::optional<TlsDestination> TlsDestination::read(const Settings& settings, Warn warn) {
  if (!has_any(settings)) {
    if (!settings.boolean("tls")) return std::nullopt;
  } else {
    check(settings);
  }
  try {
    return TlsDestination(settings, std::move(warn));
  } catch (const TlsFileError& error) {
    throw settings.error(error.option(), error.what(), error.hint());
  }
}

TlsDestination::TlsDestination(const Settings& settings, Warn warn)
    : files_{.cert = settings.string("tls.cert"),
             .key = settings.string("tls.key"),
             .ca = settings.string("tls.ca")},
      verify_(!settings.has("tls.verify") || settings.boolean("tls.verify")),
      server_name_(settings.has("tls.server_name") ? settings.string("tls.server_name")
                                                   : settings.host_port().host),
      warn_(std::move(warn)),
      context_(TlsContext::client(files_, verify_)) {
  if (server_name_.empty()) server_name_ = "localhost";  // tcp://:PORT is the loopback.
}

void TlsDestination::renew() {
  try {
    context_ = TlsContext::client(files_, verify_);
  } catch (const TlsFileError& error) {
    warn_(fmt::format("{}; the certificate that was read before stays in use", error.what()));
  }
}

}  // namespace weir::socket
