#pragma once

// MessagePack, as far as the Forward protocol needs it (the MessagePack specification, "Formats"):
// reading one head at a time, and writing.
//
// Own code, because it is on the path of every event: a library's unpacker builds a tree of
// objects, or allocates for each event, and believes counts that come from outside. Here a head is
// read where it lies, nothing is allocated, and a count is only a number.
//
// Pure functions; any thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::msgpack {

enum class Kind : std::uint8_t {
  Nil,
  Boolean,
  Unsigned,
  Negative,
  Real,
  Text,    ///< "str": UTF-8, if its sender is right.
  Binary,  ///< "bin".
  Extension,
  Array,
  Map,
};

/// What stands before a value's payload or elements.
struct Head {
  Kind kind = Kind::Nil;
  std::uint8_t size = 1;      ///< Of the head itself.
  std::int8_t extension = 0;  ///< The type of an Extension.
  std::uint64_t number = 0;   ///< Unsigned; Boolean: 0 or 1; bytes of Text, Binary and Extension;
                              ///< elements of an Array, pairs of a Map.
  std::int64_t negative = 0;  ///< Negative.
  double real = 0;            ///< Real.

  bool has_payload() const noexcept {
    return kind == Kind::Text || kind == Kind::Binary || kind == Kind::Extension;
  }
};

enum class Reading : std::uint8_t { Ready, Short, Invalid };

/// Reads the head at the front of `bytes`. Short: there have to be more bytes.
Reading read_head(std::string_view bytes, Head& head) noexcept;

/// Takes a value with a payload, or a head alone, off the front of `bytes`. False where it is not
/// whole. `payload` is set for those that have one.
bool take(std::string_view& bytes, Head& head, std::string_view& payload) noexcept;

/// Takes a Text or Binary off the front of `bytes`. False where it is something else.
bool take_text(std::string_view& bytes, std::string_view& text) noexcept;

// Writing: each appends to `out`, in the shortest form. Sizes are below 4 GiB.
void write_nil(std::string& out);
void write_boolean(bool value, std::string& out);
void write_unsigned(std::uint64_t value, std::string& out);
void write_signed(std::int64_t value, std::string& out);
void write_real(double value, std::string& out);
void write_text(std::string_view text, std::string& out);
void write_binary(std::string_view bytes, std::string& out);
void write_binary_head(std::size_t size, std::string& out);
void write_array_head(std::size_t elements, std::string& out);
void write_map_head(std::size_t pairs, std::string& out);

}  // namespace weir::msgpack
