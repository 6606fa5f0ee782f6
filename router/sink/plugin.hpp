#pragma once

// How a sink plugin introduces itself: a SinkPlugin says which scheme it serves, which options it
// has and how a Sink is made from them. Built-in plugins are listed by hand in
// plugins/builtin.cpp; one loaded from a shared object (`plugins: [PATH]`) exports
//
//   extern "C" const int weir_plugin_abi = WEIR_PLUGIN_ABI;
//   extern "C" void weir_register(weir::SinkRegistry& registry);
//
// Everything here runs on the control plane, while a configuration is loaded.

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/option.hpp"
#include "config/settings.hpp"
#include "router/sink/sink.hpp"

/// Raised when base/batch.hpp, sink.hpp, plugin.hpp or settings.hpp change incompatibly.
#define WEIR_PLUGIN_ABI 3

namespace prometheus {
class Collectable;
}

namespace weir {

/// What weir offers to a sink that is being made.
class SinkContext {
 public:
  virtual ~SinkContext() = default;

  /// Asks for a column in every Batch: a field (`app`, `user.id`, `labels["a-b"]`) or a computed
  /// value (`duration_ms / 1000`, `status >= 500`). Returns its index into Batch::columns(i); the
  /// same for the same text. Throws ConfigError, placed `offset` bytes into `settings`' `option`.
  virtual std::size_t column(std::string_view expression, const Settings& settings,
                             std::string_view option, std::size_t offset = 0) = 0;

  /// Whether a source tells its senders that events are safe once the sinks have confirmed them
  /// (ack=durable or delivered, Kafka's offsets, and what `weir replay` and `dead-letter redrive`
  /// send again), or has done so for what lies in the sink's spool, or, before a reload, for the
  /// sink of the same name: then to confirm means that they are on disk, for a sink that can
  /// choose. Where a reload makes the answer true the sink is made anew.
  virtual bool is_relied_on() = 0;

  /// Metrics to be served beside the router's own on the admin port, as long as they live.
  virtual void expose(std::weak_ptr<prometheus::Collectable> metrics) = 0;

  /// The component's log. `what` is one sentence. Never per event.
  virtual void log_info(std::string_view what) = 0;
  virtual void log_warning(std::string_view what) = 0;
};

struct SinkPlugin {
  ComponentSpec spec;  ///< Without the common options, which every sink has (common_options.hpp).

  /// Opens nothing. Throws ConfigError.
  std::function<std::unique_ptr<Sink>(const Settings&, SinkContext&)> make;
};

class SinkRegistry {
 public:
  /// Throws std::invalid_argument where the scheme is taken.
  void add(SinkPlugin plugin);

  /// Null where there is none.
  const SinkPlugin* find(std::string_view scheme) const noexcept;
  std::span<const SinkPlugin> plugins() const noexcept { return plugins_; }

 private:
  std::vector<SinkPlugin> plugins_;
};

}  // namespace weir
