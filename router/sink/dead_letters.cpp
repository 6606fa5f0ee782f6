#include "router/sink/dead_letters.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include "router/base/clock.hpp"
#include "router/base/rfc3339.hpp"
#include "router/sink/json_text.hpp"

namespace weir {
namespace {

/// Appends `bytes` as the value of `event`, or of `event_base64` where they are not UTF-8.
void append_bytes(std::string_view bytes, std::string& out) {
  const std::size_t before = out.size();
  out += R"("event":")";
  const std::size_t at = out.size();
  bool invalid = false;
  out.resize(at + kEscapedBytesMax * bytes.size());
  char* const end = escape_json(bytes, out.data() + at, invalid);
  out.resize(static_cast<std::size_t>(end - out.data()));
  out += '"';
  if (!invalid) return;
  out.resize(before);
  out += R"("event_base64":")";
  const std::size_t begin = out.size();
  out.resize(begin + (bytes.size() + 2) / 3 * 4 + 1);  // With the NUL that OpenSSL adds.
  const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data() + begin),
                                      reinterpret_cast<const unsigned char*>(bytes.data()),
                                      static_cast<int>(bytes.size()));
  out.resize(begin + static_cast<std::size_t>(written));
  out += '"';
}

}  // namespace

Batch DeadLetters::write(const Batch& batch, std::span<const Rejection> rejected,
                         std::uint64_t attempts) {
  Batch letters = events_.begin();
  for (const Rejection& rejection : rejected) {
    const Event& event = batch.events()[rejection.index];
    const Origin& origin = batch.origin(event);
    if (!events_.add(letters, origin, letter(event, origin, rejection.reason, attempts))) {
      return events_.begin();
    }
  }
  return letters;
}

std::string DeadLetters::letter(const Event& event, const Origin& origin, Reason reason,
                                std::uint64_t attempts) const {
  std::string text = R"({"dead_letter":{"sink":)";
  append_json_string(sink_, text);
  text += fmt::format(R"(,"reason":"{}","attempts":{},"time":")", to_string(reason), attempts);
  append_rfc3339(wall_clock_ns(), text);
  text += R"(","source":)";
  append_json_string(*origin.source, text);
  text += R"(,"received":")";
  append_rfc3339(origin.received_ns, text);
  text += R"("},)";
  append_bytes(event.bytes(), text);
  text += '}';
  return text;
}

}  // namespace weir
