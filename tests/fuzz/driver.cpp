// The driver of a fuzz target where there is no libFuzzer: replays the files it is given, or runs a
// fixed number of mutated seeds. The same inputs each time: a failure comes again.

#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/fuzz/fuzz.hpp"

namespace {

constexpr int kInputs = 50'000;
constexpr std::size_t kInputBytesMax = 4096;

class Mutator {
 public:
  explicit Mutator(std::vector<std::string> seeds) : seeds_(std::move(seeds)) {}

  std::string next() {
    std::string input = any();
    for (std::size_t changes = below(6); changes > 0; --changes) change(input);
    if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
    return input;
  }

 private:
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }
  const std::string& any() { return seeds_[below(seeds_.size())]; }

  void change(std::string& input) {
    const std::size_t at = below(input.size());
    switch (below(6)) {
      case 0:
        if (!input.empty()) input[at] = static_cast<char>(below(256));
        break;
      case 1:
        if (!input.empty()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 2:
        input.erase(at, 1 + below(16));
        break;
      case 3:
        input.insert(at, input.substr(below(input.size()), below(64)));
        break;
      case 4:
        input.insert(at, 1 + below(40), static_cast<char>(below(256)));
        break;
      default: {
        const std::string& other = any();
        input = input.substr(0, at) + other.substr(below(other.size()));
        break;
      }
    }
  }

  std::vector<std::string> seeds_;
  std::mt19937 random_{1};
};

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "%s: cannot be read\n", argv[i]);
      return 2;
    }
    run({std::istreambuf_iterator<char>(file), {}});
  }
  if (argc > 1) return 0;
  std::vector<std::string> seeds = weir::fuzz::seeds();
  for (const std::string& seed : seeds) run(seed);
  Mutator mutator(std::move(seeds));
  for (int i = 0; i < kInputs; ++i) run(mutator.next());
  std::printf("%d inputs\n", kInputs);
}
