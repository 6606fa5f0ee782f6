#include "router/kafka/kafka_token.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <fstream>

namespace weir {
namespace {

constexpr std::size_t kTokenBytesMax = 64 * 1024;

/// base64url without padding (RFC 4648 section 5).
std::optional<std::string> decode_base64url(std::string_view text) {
  std::string bytes;
  unsigned bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    unsigned value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<unsigned>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<unsigned>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      value = static_cast<unsigned>(c - '0') + 52;
    } else if (c == '-' || c == '_') {
      value = c == '-' ? 62 : 63;
    } else {
      return {};
    }
    bits = (bits << 6U) | value;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<char>((bits >> held) & 0xFFU));
  }
  return bytes;
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kTokenBytesMax, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.eof()) return {};  // Not there, or too long.
  text.resize(static_cast<std::size_t>(file.gcount()));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

std::optional<KafkaTokenClaims> read_kafka_token(std::string_view token) {
  const std::size_t begin = token.find('.');
  if (begin == std::string_view::npos) return {};
  const std::size_t end = token.find('.', begin + 1);
  if (end == std::string_view::npos) return {};
  const auto payload = decode_base64url(token.substr(begin + 1, end - begin - 1));
  if (!payload) return {};
  boost::system::error_code error;
  const boost::json::value claims = boost::json::parse(*payload, error);
  if (error || !claims.is_object()) return {};
  const auto* const expires = claims.as_object().if_contains("exp");
  const auto* const subject = claims.as_object().if_contains("sub");
  if (expires == nullptr || !expires->is_number()) return {};
  const auto seconds = expires->to_number<double>();
  const bool is_a_time = seconds >= 0 && seconds < 1e12;
  if (!is_a_time) return {};
  KafkaTokenClaims result{.expires_ms = static_cast<std::int64_t>(seconds * 1000), .subject = ""};
  if (subject != nullptr && subject->is_string()) result.subject = subject->as_string().c_str();
  return result;
}

std::string set_kafka_token(rd_kafka_t* client, const std::string& file) {
  std::string why;
  const auto token = read_file(file);
  const auto claims = token ? read_kafka_token(*token) : std::nullopt;
  if (!token) {
    why = fmt::format("the token file {} cannot be read", file);
  } else if (!claims) {
    why = fmt::format("the token file {} holds no JWT with an `exp`", file);
  } else {
    std::array<char, 256> words{};
    if (::rd_kafka_oauthbearer_set_token(client, token->c_str(), claims->expires_ms,
                                         claims->subject.c_str(), nullptr, 0, words.data(),
                                         words.size()) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      return "";
    }
    why = words.data();
  }
  ::rd_kafka_oauthbearer_set_token_failure(client, why.c_str());
  return why;
}

}  // namespace weir
