#pragma once

// Settings: what the user set for one source or sink, checked against its ComponentSpec: every
// option is known, has the right form, or its default. A plugin reads its Settings once, when its
// sink is made, and throws error() where two options do not go together.
//
// Values that came through `${file:...}` or a Secret option are whole here; masked() is what may be
// shown. Immutable after loading; any thread may read.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/error.hpp"
#include "config/option.hpp"

namespace weir {

struct HostPort {
  std::string host;  ///< Without brackets. Empty in the configuration means loopback.
  std::uint16_t port = 0;

  friend bool operator==(const HostPort&, const HostPort&) = default;
};

class Settings {
 public:
  /// One option as written: a scalar, a list of scalars or a list of mappings.
  struct Entry {
    std::string text;                ///< Interpolated; defaults filled in.
    std::vector<std::string> items;  ///< With Strings and Numbers.
    std::vector<Settings> members;   ///< With Objects.
    Location where;
    OptionType type = OptionType::String;
    bool is_default = false;
    bool secret = false;  ///< Shown as ***: a Secret option, or a value from `${file:…}`.
  };

  // What the URL says.
  const std::string& name() const noexcept { return name_; }      ///< "archive"
  const std::string& scheme() const noexcept { return scheme_; }  ///< "file"
  const std::string& path() const noexcept { return path_; }  ///< Path; after the brokers: topic
  const HostPort& host_port() const noexcept { return host_port_; }
  const std::vector<HostPort>& brokers() const noexcept { return brokers_; }

  // Options. Requires: `option` is in the ComponentSpec, with that type. An option that was not
  // given and has no default reads as "", 0 or false; has() tells.
  bool has(std::string_view option) const noexcept;
  const std::string& string(
      std::string_view option) const;  ///< String, Choice, Expression, Secret.
  std::uint64_t integer(std::string_view option) const;
  double number(std::string_view option) const;
  bool boolean(std::string_view option) const;
  std::uint64_t bytes(std::string_view option) const;  ///< Size.
  std::chrono::milliseconds duration(std::string_view option) const;
  std::vector<std::string> strings(std::string_view option) const;
  std::vector<double> numbers(std::string_view option) const;
  const std::vector<Settings>& objects(std::string_view option) const;

  /// Where `option` was written, or where the component was if it was not ("" = the URL itself).
  const Location& where(std::string_view option = "") const noexcept;

  /// To be thrown: `message` at the place of `option`, `offset` bytes into its value. With option
  /// "" at the URL, and where `offset` is not 0, that far into path().
  ConfigError error(std::string_view option, const std::string& message,
                    const std::string& hint = "", std::size_t offset = 0) const;

  /// The component as one URL, canonical (options sorted, defaults left out), secrets as ***.
  /// Options of type Objects, which no URL can hold, are left out.
  std::string masked() const;

  /// path() came from `${file:…}`, in part at least: it is not to be shown.
  bool path_is_secret() const noexcept { return path_secret_; }

  /// masked() without the options.
  std::string masked_address() const;

  /// All options, given and default, by name: for what shows a configuration.
  const std::map<std::string, Entry, std::less<>>& entries() const noexcept { return entries_; }

  /// The same but for one option, whatever it says now; "": without it. For what runs a sink in its
  /// own way.
  Settings changed(const std::string& option, const std::string& text) const;

  /// True if both would make the same component: what reload goes by. Secrets are compared.
  bool same_as(const Settings& other) const noexcept;

 private:
  friend class SettingsBuilder;  // config/settings_builder.hpp: the loader's side.
  const Entry* find(std::string_view option) const noexcept;
  const Entry& require(std::string_view option) const;

  std::string name_;
  std::string scheme_;
  std::string path_;
  HostPort host_port_;
  std::vector<HostPort> brokers_;
  std::map<std::string, Entry, std::less<>> entries_;
  Location where_;
  Location path_where_;          // Of the path's or topic's first byte.
  bool address_secret_ = false;  // Host, port or brokers came from `${file:…}`.
  bool path_secret_ = false;
};

/// Sizes and durations as the configuration writes them. Return false on anything else, overflow
/// included. "64KiB" -> 65536; "1.5kB" -> 1500; "90s" -> 90000 ms.
bool parse_bytes(std::string_view text, std::uint64_t& bytes) noexcept;
bool parse_duration(std::string_view text, std::chrono::milliseconds& duration) noexcept;

}  // namespace weir
