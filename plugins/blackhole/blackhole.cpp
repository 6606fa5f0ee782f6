#include "plugins/blackhole/blackhole.hpp"

#include <utility>

namespace weir::blackhole {
namespace {

class BlackholeSink final : public Sink {
 public:
  SinkTraits traits() const noexcept override { return {.never_blocks = true}; }
  Result<void> open() override { return {}; }
  void write(Delivery delivery) override { std::move(delivery).delivered(); }
  void poll(std::chrono::milliseconds) override {}
  void close(SteadyTime) noexcept override {}
};

}  // namespace

SinkPlugin plugin() {
  return {.spec = {.scheme = "blackhole", .help = "Takes every event and keeps none."},
          .make = [](const Settings&, SinkContext&) { return std::make_unique<BlackholeSink>(); }};
}

}  // namespace weir::blackhole
