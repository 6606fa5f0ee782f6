// Dead letters: any line is a letter or none; and base64 is decoded to what encodes to it again.

#include <openssl/evp.h>

#include "router/replay/letter.hpp"
#include "tests/fuzz/fuzz.hpp"

std::vector<std::string> weir::fuzz::seeds() {
  return {R"({"dead_letter":{"sink":"a","reason":"rejected","attempts":1,"time":)"
          R"("2026-11-22T08:46:08.25Z","source":"s","received":"x"},"event":"a\u0000\n"})",
          R"({"dead_letter":{"sink":"a","reason":"b"},"event_base64":"eP/+AHo="})",
          "eP/+AHo=", "AAAA"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static weir::LetterParser parser;
  const std::string_view text = weir::fuzz::text_of(data, size);
  if (const auto letter = parser.parse(text)) {
    WEIR_ASSERT(!letter->sink.empty());
    letter->time_ns();
    letter->received_ns();
  }
  if (const auto bytes = weir::decode_base64(text)) {
    WEIR_ASSERT(bytes->size() <= size);
    std::string again(size + 1, '\0');
    const int encoded = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(again.data()),
                                          reinterpret_cast<const unsigned char*>(bytes->data()),
                                          static_cast<int>(bytes->size()));
    WEIR_ASSERT(static_cast<std::size_t>(encoded) == size);
  }
  return 0;
}
