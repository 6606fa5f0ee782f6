#pragma once

// await: waits for a condition, for a bounded time. The one place in the tests that sleeps: for a
// millisecond between two looks.

#include <chrono>
#include <thread>

namespace weir::test {

/// Long enough for a sanitized build on a loaded machine; a test that passes never waits for it.
inline constexpr std::chrono::seconds kPatience{20};

/// True as soon as `condition()` is; false where it never was until `patience` ran out.
template <class Condition>
bool await(Condition condition, std::chrono::milliseconds patience = kPatience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace weir::test
