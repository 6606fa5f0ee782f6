#include "router/forward/handshake.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <initializer_list>
#include <stdexcept>

#include "router/forward/forward_protocol.hpp"
#include "router/forward/msgpack.hpp"
#include "router/forward/msgpack_walker.hpp"

namespace weir::forward {
namespace {

using msgpack::Head;
using msgpack::Kind;

std::string sha512(std::initializer_list<std::string_view> parts) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  bool good = context != nullptr && EVP_DigestInit_ex(context, EVP_sha512(), nullptr) == 1;
  for (const std::string_view part : parts) {
    good = good && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  }
  good = good && EVP_DigestFinal_ex(context, digest.data(), &size) == 1;
  EVP_MD_CTX_free(context);
  if (!good) throw std::runtime_error("OpenSSL has no SHA-512");
  return hexadecimal({reinterpret_cast<const char*>(digest.data()), size});
}

/// Takes the head of an array of `elements`, and its first element, which has to be `word`.
bool take_word(std::string_view& bytes, std::size_t elements, std::string_view word) {
  msgpack::Walker walker;  // Of what follows, every value is then known to be whole.
  if (walker.walk(bytes, kHandshakeBytesMax) != msgpack::Walker::State::Complete) return false;
  Head head;
  std::string_view text;
  return msgpack::take(bytes, head, text) && head.kind == Kind::Array && head.number == elements &&
         msgpack::take_text(bytes, text) && text == word;
}

bool take_string(std::string_view& bytes, std::string& to) {
  std::string_view text;
  if (!msgpack::take_text(bytes, text)) return false;
  to = text;
  return true;
}

}  // namespace

std::string write_helo(const Helo& helo) {
  std::string out;
  msgpack::write_array_head(2, out);
  msgpack::write_text("HELO", out);
  msgpack::write_map_head(3, out);
  msgpack::write_text("nonce", out);
  msgpack::write_binary(helo.nonce, out);
  msgpack::write_text("auth", out);
  msgpack::write_binary(helo.auth, out);
  msgpack::write_text("keepalive", out);
  msgpack::write_boolean(true, out);
  return out;
}

std::string write_ping(const Ping& ping) {
  std::string out;
  msgpack::write_array_head(6, out);
  msgpack::write_text("PING", out);
  msgpack::write_text(ping.hostname, out);
  msgpack::write_binary(ping.salt, out);
  msgpack::write_text(ping.digest, out);
  msgpack::write_text(ping.username, out);
  msgpack::write_text(ping.password_digest, out);
  return out;
}

std::string write_pong(const Pong& pong) {
  std::string out;
  msgpack::write_array_head(5, out);
  msgpack::write_text("PONG", out);
  msgpack::write_boolean(pong.accepted, out);
  msgpack::write_text(pong.reason, out);
  msgpack::write_text(pong.hostname, out);
  msgpack::write_text(pong.digest, out);
  return out;
}

std::optional<Helo> read_helo(std::string_view bytes) {
  Head head;
  std::string_view key;
  if (!take_word(bytes, 2, "HELO") || !msgpack::take(bytes, head, key) || head.kind != Kind::Map) {
    return {};
  }
  Helo helo;
  for (std::uint64_t i = 0; i < head.number; ++i) {
    if (!msgpack::take_text(bytes, key)) return {};
    Head value;
    std::string_view payload;
    if (!msgpack::take(bytes, value, payload)) return {};
    if (value.kind == Kind::Array || value.kind == Kind::Map) return {};
    if (key == "nonce") helo.nonce = payload;
    if (key == "auth") helo.auth = payload;
  }
  return helo;
}

std::optional<Ping> read_ping(std::string_view bytes) {
  Ping ping;
  if (take_word(bytes, 6, "PING") && take_string(bytes, ping.hostname) &&
      take_string(bytes, ping.salt) && take_string(bytes, ping.digest) &&
      take_string(bytes, ping.username) && take_string(bytes, ping.password_digest)) {
    return ping;
  }
  return {};
}

std::optional<Pong> read_pong(std::string_view bytes) {
  Pong pong;
  Head head;
  std::string_view none;
  if (!take_word(bytes, 5, "PONG") || !msgpack::take(bytes, head, none) ||
      head.kind != Kind::Boolean) {
    return {};
  }
  pong.accepted = head.number != 0;
  if (take_string(bytes, pong.reason) && take_string(bytes, pong.hostname) &&
      take_string(bytes, pong.digest)) {
    return pong;
  }
  return {};
}

std::string key_digest(std::string_view salt, std::string_view hostname, std::string_view nonce,
                       std::string_view shared_key) {
  return sha512({salt, hostname, nonce, shared_key});
}

std::string password_digest(std::string_view auth, std::string_view username,
                            std::string_view password) {
  return sha512({auth, username, password});
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    throw std::runtime_error("the system has no random numbers to give");
  }
  return bytes;
}

std::string hexadecimal(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace weir::forward
