#include "router/ingest/tls_options.hpp"

#include <string>

namespace weir {

std::vector<OptionSpec> tls_source_options() {
  return {{.name = "tls.cert",
           .help = "Switches TLS on: PEM file with the certificate, then those above it."},
          {.name = "tls.key",
           .help = "PEM file with the private key; without it, it is looked for in tls.cert."},
          {.name = "tls.ca",
           .help = "PEM file of authorities; clients then need a certificate signed by one."},
          {.name = "tls.handshake_timeout",
           .type = OptionType::Duration,
           .fallback = "10s",
           .help = "A client that has not finished its handshake by then is closed."}};
}

std::shared_ptr<const TlsContext> read_source_tls(const Settings& settings) {
  for (const char* option : {"tls.cert", "tls.key", "tls.ca"}) {
    if (!settings.has(option)) continue;
    if (settings.string(option).empty()) {
      throw settings.error(option, std::string(option) + " is the path of a file, not nothing");
    }
    if (settings.has("tls.cert")) continue;
    throw settings.error(option, std::string(option) + " without tls.cert does nothing",
                         "tls.cert, the server's certificate, switches TLS on");
  }
  if (settings.duration("tls.handshake_timeout").count() == 0) {
    throw settings.error("tls.handshake_timeout", "expected at least 1ms",
                         "a client that says nothing would hold its place for ever");
  }
  if (!settings.has("tls.cert")) return nullptr;
  try {
    return TlsContext::server({.cert = settings.string("tls.cert"),
                               .key = settings.string("tls.key"),
                               .ca = settings.string("tls.ca")});
  } catch (const TlsFileError& error) {
    throw settings.error(error.option(), error.what(), error.hint());
  }
}

}  // namespace weir
