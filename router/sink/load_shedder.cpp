#include "router/sink/load_shedder.hpp"

#include <algorithm>
#include <array>

namespace weir {
namespace {

struct Stage {
  double begins;
  double ends;
  Severity least_kept;
};

constexpr std::array<Stage, 4> kStages = {{
    {1.0 / 2, 3.0 / 8, Severity::Info},
    {3.0 / 4, 5.0 / 8, Severity::Notice},
    {7.0 / 8, 3.0 / 4, Severity::Error},
    {15.0 / 16, 13.0 / 16, Severity::Emergency},
}};

bool is_promised(const Batch& batch, std::size_t index) noexcept {
  const ReceiptRef& receipt = batch.origin(batch.events()[index]).receipt;
  return receipt && receipt->ack() == Ack::Durable;
}

}  // namespace

/// The least important that may stay.
Severity LoadShedder::least_kept(double fullness) noexcept {
  std::size_t stage = stage_.load(std::memory_order_relaxed);
  while (stage < kStages.size() && fullness >= kStages[stage].begins) ++stage;
  while (stage > 0 && fullness < kStages[stage - 1].ends) --stage;
  stage_.store(static_cast<std::uint8_t>(stage), std::memory_order_relaxed);
  if (stage == 0) return Severity::Debug;
  return std::max(options_.floor, kStages[stage - 1].least_kept);
}

Severity LoadShedder::severity(const Batch& batch, std::size_t index) const noexcept {
  const Value& field = batch.columns(index)[options_.column];
  return severity_of(field, batch.events()[index].bytes()).value_or(options_.unknown);
}

SeverityCounts LoadShedder::thin(Batch& batch, double fullness, bool has_spool) {
  SeverityCounts shed;
  const Severity kept = least_kept(fullness);
  if (kept == Severity::Debug) return shed;
  batch.remove_if([&](std::size_t index) {
    const Severity found = severity(batch, index);
    if (found <= kept || (has_spool && is_promised(batch, index))) return false;
    ++shed[found];
    batch.refuse(index, Reason::Shed);
    return true;
  });
  return shed;
}

}  // namespace weir
