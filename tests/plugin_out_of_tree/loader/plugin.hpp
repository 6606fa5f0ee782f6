#pragma once

// What the shared objects of this folder have in common.

#include <memory>
#include <utility>

#include "router/sink/plugin.hpp"

// As every plugin declares them; each file here leaves out or spoils what it is about.
extern "C" {
extern const int weir_plugin_abi;
void weir_register(weir::SinkRegistry& registry);
}

/// Settles by way of code that only the loading program has.
class LoadedSink final : public weir::Sink {
 public:
  weir::SinkTraits traits() const noexcept override { return {.deliveries_max = 7}; }
  weir::Result<void> open() override { return {}; }
  void write(weir::Delivery delivery) override { std::move(delivery).delivered(); }
  void poll(std::chrono::milliseconds) override {}
  void close(weir::SteadyTime) noexcept override {}
};

inline void register_loaded(weir::SinkRegistry& registry) {
  registry.add({.spec = {.scheme = "loaded", .help = "From a shared object."},
                .make = [](const weir::Settings&, weir::SinkContext&) {
                  return std::make_unique<LoadedSink>();
                }});
}
