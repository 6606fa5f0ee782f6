#include "router/sink/dead_letters.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <vector>

#include "router/base/clock.hpp"
#include "router/base/rfc3339.hpp"
#include "router/sink/json_text.hpp"

namespace weir {
namespace {

/// Appends `bytes` as the value of `event`. False where they are not UTF-8, or longer as that than
/// `bytes_max`: then nothing was.
bool append_text(std::string_view bytes, std::size_t bytes_max, std::string& out) {
  // Of a long event it is known before memory is taken for it.
  std::size_t size = kEscapedBytesMax * bytes.size();
  if (size > bytes_max) size = escaped_json_size(bytes);
  if (size > bytes_max) return false;
  const std::size_t before = out.size();
  out += R"("event":")";
  const std::size_t at = out.size();
  bool invalid = false;
  out.resize(at + size);
  char* const end = escape_json(bytes, out.data() + at, invalid);
  out.resize(invalid ? before : static_cast<std::size_t>(end - out.data()));
  if (!invalid) out += '"';
  return !invalid;
}

/// Appends `bytes` as the value of `event_base64`. False where that is longer than `bytes_max`.
bool append_base64(std::string_view bytes, std::size_t bytes_max, std::string& out) {
  const std::size_t size = (bytes.size() + 2) / 3 * 4;
  if (size > bytes_max) return false;
  out += R"("event_base64":")";
  const std::size_t begin = out.size();
  out.resize(begin + size + 1);  // With the NUL that OpenSSL adds.
  const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data() + begin),
                                      reinterpret_cast<const unsigned char*>(bytes.data()),
                                      static_cast<int>(bytes.size()));
  out.resize(begin + static_cast<std::size_t>(written));
  out += '"';
  return true;
}

}  // namespace

DeadLetters::Written DeadLetters::write(const Batch& batch, std::span<Rejection> rejected,
                                        std::uint64_t attempts) {
  Written result{.letters = events_.begin()};
  std::vector<Rejection> others;
  std::size_t written = 0;
  for (const Rejection rejection : rejected) {
    const Event& event = batch.events()[rejection.index];
    const Origin& origin = batch.origin(event);
    const std::string text = letter(event, origin, rejection.reason, attempts);
    const bool is_written = !text.empty() && events_.add(result.letters, origin, text);
    result.no_memory = result.no_memory || (!text.empty() && !is_written);
    if (is_written) {
      rejected[written++] = rejection;
    } else {
      others.push_back(rejection);
    }
  }
  std::copy(others.begin(), others.end(), rejected.begin() + static_cast<std::ptrdiff_t>(written));
  return result;
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
  // Behind the event come a quote and a bracket; its name stands before it.
  constexpr std::size_t kAround = std::string_view(R"("event_base64":""})").size();
  if (text.size() + kAround > letter_bytes_max_) return "";
  const std::size_t room = letter_bytes_max_ - text.size() - kAround;
  if (!append_text(event.bytes(), room, text) && !append_base64(event.bytes(), room, text)) {
    return "";
  }
  text += '}';
  return text;
}

}  // namespace weir
