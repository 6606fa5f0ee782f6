#pragma once

// The handshake of the Forward protocol ("Authentication" in its specification): the server says
// HELO with a nonce, the client proves with PING that it has the shared key, and the server with
// PONG that it has it, too. The key itself is never sent. Digests are SHA-512 in hexadecimal.
//
// It proves who somebody is when the connection begins; it neither hides nor protects what follows.
// That takes TLS.
//
// Pure functions but for random_bytes(); any thread. Messages come and go as whole MessagePack
// values of at most kHandshakeBytesMax bytes.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weir::forward {

struct Helo {
  std::string nonce;
  std::string auth;  ///< The salt for passwords; "" = no user is asked for.
};

struct Ping {
  std::string hostname;  ///< The client's, as it calls itself.
  std::string salt;
  std::string digest;  ///< Of salt, hostname, nonce and key.
  std::string username;
  std::string password_digest;  ///< Of Helo::auth, username and password.
};

struct Pong {
  bool accepted = false;
  std::string reason;  ///< Why not.
  std::string hostname;
  std::string digest;  ///< Of Ping::salt, hostname, nonce and key.
};

std::string write_helo(const Helo& helo);
std::string write_ping(const Ping& ping);
std::string write_pong(const Pong& pong);

// Nothing where it is something else. Unknown options are passed over.
std::optional<Helo> read_helo(std::string_view bytes);
std::optional<Ping> read_ping(std::string_view bytes);
std::optional<Pong> read_pong(std::string_view bytes);

/// Who has the key knows it: for PING with the client's name, for PONG with the server's.
std::string key_digest(std::string_view salt, std::string_view hostname, std::string_view nonce,
                       std::string_view shared_key);
std::string password_digest(std::string_view auth, std::string_view username,
                            std::string_view password);

/// Takes as long for texts that differ late as for those that differ early.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

/// From the system's generator. Throws std::runtime_error where it has none.
std::string random_bytes(std::size_t count);

/// In hexadecimal, lower case.
std::string hexadecimal(std::string_view bytes);

}  // namespace weir::forward
