#pragma once

// What stands between a URL's scheme and its options, one reader for each AddressForm. Each part is
// split as it was written, then interpolated, then checked: a value cannot become another part. The
// one exception is an address that is one `${NAME}` and nothing else: its value may be HOST:PORT,
// or a list of brokers.

#include <string>
#include <vector>

#include "config/interpolation.hpp"
#include "config/placed_text.hpp"
#include "config/settings.hpp"

namespace weir {

struct Address {
  HostPort host_port;             ///< AddressForm::HostPort
  std::vector<HostPort> brokers;  ///< AddressForm::Brokers
  PlacedText path;                ///< AddressForm::Path, Brokers
  bool secret = false;            ///< Host, port or brokers came from `${file:…}`.
};

/// Reads `rest` of a URL (url.hpp) as `form`, which is not None. Throws ConfigError.
Address read_address(const PlacedText& rest, AddressForm form, const std::string& scheme,
                     Interpolator& interpolator, bool port_may_be_zero);

/// What a URL of this scheme looks like: "tcp://HOST:PORT". For hints.
std::string example_url(const std::string& scheme, AddressForm form);

}  // namespace weir
