#include "router/sink/plugin.hpp"

#include <stdexcept>

namespace weir {

void SinkRegistry::add(SinkPlugin plugin) {
  if (find(plugin.spec.scheme) != nullptr) {
    throw std::invalid_argument("two plugins for \"" + plugin.spec.scheme + "\"");
  }
  plugins_.push_back(std::move(plugin));
}

const SinkPlugin* SinkRegistry::find(std::string_view scheme) const noexcept {
  for (const SinkPlugin& plugin : plugins_) {
    if (plugin.spec.scheme == scheme) return &plugin;
  }
  return nullptr;
}

}  // namespace weir
