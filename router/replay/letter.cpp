#include "router/replay/letter.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <simdjson.h>

#include <algorithm>

#include "router/base/rfc3339.hpp"

namespace weir {
namespace {

constexpr std::size_t kIdBytes = 6;

/// "" where the object has no such string.
std::string text_in(const simdjson::dom::object& object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

bool is_base64(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '/';
}

}  // namespace

struct LetterParser::Json {
  simdjson::dom::parser parser;
};

LetterParser::LetterParser() : json_(std::make_unique<Json>()) {}
LetterParser::~LetterParser() = default;

std::int64_t Letter::time_ns() const noexcept { return parse_rfc3339_ns(time).value_or(0); }
std::int64_t Letter::received_ns() const noexcept { return parse_rfc3339_ns(received).value_or(0); }

std::optional<Letter> LetterParser::parse(std::string_view line) {
  simdjson::dom::object root;
  simdjson::dom::object head;
  if (json_->parser.parse(line.data(), line.size()).get_object().get(root) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  if (root["dead_letter"].get_object().get(head) != simdjson::SUCCESS) return std::nullopt;
  Letter letter{.sink = text_in(head, "sink"),
                .reason = text_in(head, "reason"),
                .time = text_in(head, "time"),
                .source = text_in(head, "source"),
                .received = text_in(head, "received")};
  if (letter.sink.empty() || letter.reason.empty()) return std::nullopt;
  if (head["attempts"].get(letter.attempts) != simdjson::SUCCESS) letter.attempts = 0;
  std::string_view text;
  if (root["event"].get(text) == simdjson::SUCCESS) {
    letter.event = text;
    return letter;
  }
  if (root["event_base64"].get(text) != simdjson::SUCCESS) return std::nullopt;
  std::optional<std::string> bytes = decode_base64(text);
  if (!bytes) return std::nullopt;
  letter.event = std::move(*bytes);
  letter.was_base64 = true;
  return letter;
}

LetterKey key_of(std::string_view line) {
  LetterKey key{};
  ::SHA256(reinterpret_cast<const unsigned char*>(line.data()), line.size(), key.data());
  return key;
}

std::string id_of(const LetterKey& key) {
  std::string id;
  for (std::size_t i = 0; i < kIdBytes; ++i) id += fmt::format("{:02x}", key[i]);
  return id;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > INT32_MAX) return std::nullopt;
  std::string_view digits = text;
  for (int i = 0; i < 2 && digits.ends_with('='); ++i) digits.remove_suffix(1);
  if (!std::all_of(digits.begin(), digits.end(), is_base64)) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  if (text.empty()) return bytes;
  const int size = ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - (text.size() - digits.size()));
  return bytes;
}

}  // namespace weir
