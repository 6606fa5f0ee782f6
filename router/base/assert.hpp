#pragma once

// WEIR_ASSERT: what must hold, on in release builds too. A failed assertion is a bug of weir, never
// of its input, and the process aborts: a router that goes on with broken books cannot be believed.

#include <cstdio>
#include <cstdlib>

namespace weir {

[[noreturn]] inline void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "weir: assertion failed: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace weir

#define WEIR_ASSERT(expression) \
  ((expression) ? (void)0 : ::weir::assertion_failed(#expression, __FILE__, __LINE__))
