#pragma once

// RecordJson: a record of the Forward protocol (a MessagePack map) as one JSON object (RFC 8259),
// written straight to where it is to lie.
//
//   integers        as they are, all 64 bits
//   floating point  the shortest text that is the same number; NaN and infinity are null
//   str, bin        strings; what is not UTF-8 becomes U+FFFD, and the object says so with
//                   "invalid_utf8": true
//   EventTime       a string, as RFC 3339 writes it; any other extension as if it were bin
//   keys            strings; a key of another type as its text
//
// Time and tag are added behind the record's own fields, under the names that the options give,
// unless the record has a field of that name. Fields keep their order. Two of the same name stay
// two.
//
// One thread at a time; it keeps nothing between two calls but memory for odd keys.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "router/ingest/forward_message.hpp"

namespace weir {

class RecordJson {
 public:
  /// "" = not added.
  RecordJson(std::string time_field, std::string tag_field)
      : time_field_(std::move(time_field)), tag_field_(std::move(tag_field)) {}

  struct Written {
    std::size_t bytes;
    bool whole;  ///< False: there was no room for more. No character is cut in two.
  };

  /// Writes at most `room` bytes to `to`. Requires: an entry of EntryReader.
  Written write(const ForwardEntry& entry, std::string_view tag, char* to, std::size_t room);

 private:
  bool put(std::string_view bytes) noexcept;
  bool put_string(std::string_view text) noexcept;
  bool put_time(std::int64_t time_ns) noexcept;
  bool put_record(const ForwardEntry& entry, std::string_view tag);
  bool put_map(std::string_view& bytes, std::uint64_t pairs, bool is_top);
  bool put_value(std::string_view& bytes);
  bool put_key(std::string_view& bytes, bool is_top);
  bool put_odd_key(std::string_view& bytes);

  const std::string time_field_;
  const std::string tag_field_;
  char* at_ = nullptr;
  char* end_ = nullptr;
  bool has_time_ = false;  // The record has a field of that name.
  bool has_tag_ = false;
  bool was_invalid_ = false;
};

}  // namespace weir
