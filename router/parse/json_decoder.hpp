#pragma once

// JsonDecoder: reads the wanted fields of one event in one pass.
//
// simdjson's first stage (SIMD) indexes the bytes: every bracket, colon, comma and start of a value
// outside strings; it finds unclosed strings, raw control characters in strings and invalid UTF-8.
// Then this class walks the index from key to key as On-Demand would, compares each key with all
// wanted names by one 8-byte load, and stops when all are found.
//
// The first stage costs less per byte the longer its input is, so index_run() indexes many events
// at once, those of one read. Between two of them has to stand a control character, such as a
// newline: no valid string holds one, so one that is not closed makes the run as a whole invalid.
// An event is decoded from that index only if it begins, outside a string, with its first byte.
// Where the run as a whole has a fault, or that brace is not found, the event is indexed by itself.
// So one broken event never changes another. (benchmarks/README.md has the figures beside
// On-Demand's.)
//
// So an event may count as JSON although a value that nobody asked for is broken. validate() looks
// at everything. Keys are compared unescaped; of duplicate keys the first wins.
//
// Threads: one decoder for each shard. The values it fills in look into the event's bytes or, where
// transient, into the decoder until its next call.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "router/base/value.hpp"
#include "router/parse/field_tree.hpp"

namespace simdjson::internal {
class dom_parser_implementation;
}
namespace simdjson::dom {
class parser;
}

namespace weir {

class JsonDecoder {
 public:
  JsonDecoder();
  ~JsonDecoder();
  JsonDecoder(const JsonDecoder&) = delete;
  JsonDecoder& operator=(const JsonDecoder&) = delete;

  /// Indexes the bytes in which the next events lie, at most kRunBytesMax. An offer: without it,
  /// or for events elsewhere, decode() does all the work by itself. Valid until the next call.
  /// Requires: a byte below 0x20 right behind each of the events but the last.
  void index_run(std::string_view run);
  static constexpr std::size_t kRunBytesMax = 24 * 1024;

  /// Fills row[slot] for every wanted field that `event` has. False: it is no JSON object, and what
  /// was filled in until then is to be thrown away.
  /// Requires: limits::kBlockPadding readable bytes behind `event`; row is all Missing.
  bool decode(std::string_view event, const FieldTree& fields, std::span<Value> row);

  /// True if `event` is a JSON object from the first byte to the last. Requires: as above.
  bool validate(std::string_view event);

 private:
  using Position = std::uint32_t;  // Of a structural character, counted from base_.

  bool index(std::string_view bytes);
  bool begins_where_expected(std::string_view event) noexcept;
  bool find(std::string_view event);
  bool find_in_run(std::string_view event);
  const Position* read_object(const Position* at, const FieldNode& wanted, std::span<Value> row,
                              std::size_t depth);
  const Position* read_value(const Position* at, const FieldNode& wanted, int found,
                             std::span<Value> row, std::size_t depth);
  const Position* skip_container(const Position* at) const noexcept;
  const Position* skip_value(const Position* at) const noexcept;
  int match(const Position* at, const char* raw, const FieldNode& wanted);
  int match_slowly(const Position* at, const char* raw, int candidate, const FieldNode& wanted);
  std::string_view token(const Position* at) const noexcept;
  bool read_scalar(std::string_view text, Value& out);
  bool read_string(std::string_view token, Value& out);
  bool unescape(std::string_view raw, Value& out);

  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage_one_;
  std::size_t capacity_ = 0;  // Bytes that stage_one_ can index.
  std::unique_ptr<simdjson::dom::parser> validator_;
  std::unique_ptr<char[]> unescaped_;  // Room for all strings of an event at once.
  std::size_t unescaped_capacity_ = 0;
  std::size_t unescaped_used_ = 0;

  std::string_view run_;        // What is indexed; empty: nothing that may be used again.
  const char* base_ = nullptr;  // What positions count from.
  const Position* positions_ = nullptr;
  const Position* positions_end_ = nullptr;  // Behind it are sentinels: the end of the bytes.
  const Position* brace_ = nullptr;          // Of the event in hand.
  std::ptrdiff_t step_ = 0;                  // Positions from the last event's brace to this one's.
  Position event_end_ = 0;
  std::uint64_t seen_ = 0;  // FieldNode::Key::once of what the event in hand has had.
};

}  // namespace weir
