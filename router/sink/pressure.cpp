#include "router/sink/pressure.hpp"

#include "router/base/limits.hpp"

namespace weir {
namespace {

constexpr double kFull = 1;
constexpr double kHigh = 1 - 1.0 / limits::kHeadroomShare;
constexpr double kResume = 0.5;

void follow(std::atomic<bool>& mark, double fullness, double rises_at, double falls_at,
            Pressure::Change& change) noexcept {
  const bool is_up = mark.load(std::memory_order_relaxed);
  if (!is_up && fullness >= rises_at) {
    mark = true;
    change.rises = true;
  } else if (is_up && fullness <= falls_at) {
    mark = false;
    change.falls = true;
  }
}

}  // namespace

Pressure::Change Pressure::update(double fullness) noexcept {
  Change change;
  follow(high_, fullness, kHigh, kResume, change);
  follow(was_full_, fullness, kFull, kResume, change);
  follow(is_full_, fullness, kFull, kHigh, change);
  return change;
}

PressureLevel Pressure::level(bool keeps_headroom) const noexcept {
  const auto is = [](const std::atomic<bool>& mark) {
    return mark.load(std::memory_order_relaxed);
  };
  if (!keeps_headroom) return is(was_full_) ? PressureLevel::Full : PressureLevel::None;
  if (is(is_full_)) return PressureLevel::Full;
  return is(high_) ? PressureLevel::High : PressureLevel::None;
}

}  // namespace weir
