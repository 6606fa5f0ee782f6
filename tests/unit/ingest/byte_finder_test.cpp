#include "router/ingest/byte_finder.hpp"

#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using weir::find_bytes;
using weir::FoundBytes;

namespace {

std::vector<std::uint32_t> one_by_one(const std::string& text, char byte) {
  std::vector<std::uint32_t> found;
  for (std::uint32_t i = 0; i < text.size(); ++i) {
    if (text[i] == byte) found.push_back(i);
  }
  return found;
}

void check(const std::string& text, char byte) {
  const std::vector<char> exact(text.begin(), text.end());  // No byte beyond may be looked at.
  FoundBytes found;
  const auto places = find_bytes({exact.data(), exact.size()}, byte, found);
  REQUIRE(std::vector<std::uint32_t>(places.begin(), places.end()) == one_by_one(text, byte));
}

}  // namespace

TEST_CASE("every place of a byte is found, at every length and distance", "[ingest]") {
  std::mt19937 random(7);
  for (std::size_t size = 0; size < 300; ++size) {
    for (const unsigned one_in : {1U, 2U, 9U, 100U}) {
      std::string text(size, 'x');
      for (char& c : text) {
        if (random() % one_in == 0) c = '\n';
      }
      check(text, '\n');
    }
  }
}

TEST_CASE("as much as one call may look at can be full of the byte, of zeros or of neighbours",
          "[ingest]") {
  for (const char byte : {'\n', '\0', '\xff'}) {
    check(std::string(weir::kFindBytesMax, byte), byte);
    check(std::string(weir::kFindBytesMax - 1, static_cast<char>(byte ^ 1)), byte);
    check(std::string(100, static_cast<char>(byte ^ 1)) + byte, byte);
  }
}
