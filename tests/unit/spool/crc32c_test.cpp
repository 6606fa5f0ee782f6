#include "router/spool/crc32c.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace weir;

TEST_CASE("CRC-32C is that of RFC 3720, appendix B.4") {
  const std::string zeros(32, '\0');
  const std::string ones(32, '\xFF');
  std::string rising;
  std::string falling;
  for (int i = 0; i < 32; ++i) {
    rising += static_cast<char>(i);
    falling += static_cast<char>(31 - i);
  }
  CHECK(crc32c(0, zeros) == 0x8A9136AA);
  CHECK(crc32c(0, ones) == 0x62A8AB43);
  CHECK(crc32c(0, rising) == 0x46DD794E);
  CHECK(crc32c(0, falling) == 0x113FDB5C);
  CHECK(crc32c(0, "123456789") == 0xE3069283);
  CHECK(crc32c(0, "") == 0);
}

TEST_CASE("CRC-32C in parts, and without the processor's instruction, is the same") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7);
  for (std::size_t cut = 0; cut <= 40; ++cut) {
    const std::string_view whole(text.data() + cut, text.size() - 3 * cut);
    CHECK(crc32c(crc32c(0, whole.substr(0, cut)), whole.substr(cut)) == crc32c(0, whole));
    CHECK(crc32c_by_table(0, whole) == crc32c(0, whole));
    CHECK(crc32c_by_table(crc32c(0, whole.substr(0, cut)), whole.substr(cut)) == crc32c(0, whole));
  }
}
