#pragma once

// What a fuzz target is: it is given bytes and must come back; what it finds wrong it says with
// WEIR_ASSERT. Built with clang and -DWEIR_LIBFUZZER=ON, libFuzzer drives it; else driver.cpp does,
// a little, in every run of the tests, and replays the files it is given:
//
//     cmake -S . -B build/fuzz -DWEIR_LIBFUZZER=ON -DCMAKE_CXX_COMPILER=clang++-16 ...
//     build/fuzz/tests/fuzz/fuzz_json CORPUS_FOLDER
//     build/asan/tests/fuzz/fuzz_json crash-0123...

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "router/base/assert.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace weir::fuzz {

/// Inputs that get far, for driver.cpp to mutate.
std::vector<std::string> seeds();

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace weir::fuzz
