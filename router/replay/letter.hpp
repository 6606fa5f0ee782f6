#pragma once

// Letter: one line of a file of dead letters, as DeadLetters (router/sink/dead_letters.hpp) writes
// it, with the event's original bytes.
//
// Threads: a LetterParser belongs to one at a time.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

struct Letter {
  std::string sink;    ///< That refused the event.
  std::string reason;  ///< As to_string(Reason) has it.
  std::uint64_t attempts = 0;
  std::string time;      ///< When it was refused, RFC 3339; "" if the letter does not say.
  std::string source;    ///< Where the event came in...
  std::string received;  ///< ...and when.
  std::string event;     ///< Its bytes, exactly.
  bool was_base64 = false;

  std::int64_t time_ns() const noexcept;      ///< 0 where it is none.
  std::int64_t received_ns() const noexcept;  ///< The same.
};

class LetterParser {
 public:
  LetterParser();
  ~LetterParser();

  /// Nothing where the line is no letter: no JSON, or other JSON, or base64 that is none.
  std::optional<Letter> parse(std::string_view line);

 private:
  struct Json;
  std::unique_ptr<Json> json_;
};

/// Tells a line from all others, wherever it stands: SHA-256 of its bytes.
using LetterKey = std::array<unsigned char, 32>;
LetterKey key_of(std::string_view line);

/// The first twelve hexadecimal digits of the key: what people name a letter by.
std::string id_of(const LetterKey& key);

/// RFC 4648 section 4, with padding and nothing else. Nothing where it is not that.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace weir
