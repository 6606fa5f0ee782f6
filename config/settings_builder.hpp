#pragma once

// SettingsBuilder: how the loader fills a Settings. Nothing else does.

#include <string>
#include <utility>

#include "config/address.hpp"
#include "config/settings.hpp"

namespace weir {

class SettingsBuilder {
 public:
  SettingsBuilder(std::string name, Location where) {
    settings_.name_ = std::move(name);
    settings_.where_ = std::move(where);
  }

  void set_scheme(std::string scheme) { settings_.scheme_ = std::move(scheme); }

  void set_address(Address address) {
    settings_.host_port_ = std::move(address.host_port);
    settings_.brokers_ = std::move(address.brokers);
    settings_.path_ = std::move(address.path.text);
    settings_.path_where_ = std::move(address.path.where);
    settings_.path_secret_ = address.path.secret;
    settings_.address_secret_ = address.secret;
  }

  /// False if the option was there already.
  bool add(const std::string& option, Settings::Entry entry) {
    return settings_.entries_.emplace(option, std::move(entry)).second;
  }
  bool has(const std::string& option) const { return settings_.has(option); }

  Settings build() && { return std::move(settings_); }

 private:
  Settings settings_;
};

}  // namespace weir
