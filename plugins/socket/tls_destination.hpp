#pragma once

// TlsDestination: what the `tls.*` options of a `tcp://` sink make: how its connections become TLS,
// and as whom. All files are read when it is made, so that whatever is wrong with one is told when
// the configuration is loaded; and again before each connection, because certificates are renewed
// while sinks live for months.
//
// Belongs to its sink, and to that sink's thread.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/option.hpp"
#include "config/settings.hpp"
#include "router/base/tls_context.hpp"

namespace weir::socket {

class TlsDestination {
 public:
  /// Told, in one sentence, why the files could not be read anew.
  using Warn = std::function<void(std::string_view)>;

  /// Empty where the sink has no TLS. Throws ConfigError. Requires: tls_sink_options().
  static std::optional<TlsDestination> read(const Settings& settings, Warn warn);

  /// Reads the files again, for the connections that are opened from now on. Where one cannot be
  /// used (say because its successor is just being written), all stays as it was, with a warning.
  void renew();

  const TlsContext& context() const noexcept { return *context_; }

  /// What the certificate of the destination has to name.
  const std::string& server_name() const noexcept { return server_name_; }

 private:
  TlsDestination(const Settings& settings, Warn warn);

  TlsFiles files_;
  bool verify_;
  std::string server_name_;
  Warn warn_;
  std::shared_ptr<const TlsContext> context_;
};

std::vector<OptionSpec> tls_sink_options();

}  // namespace weir::socket
