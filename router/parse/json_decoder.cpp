#include "router/parse/json_decoder.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "router/base/limits.hpp"
#include "router/parse/json_number.hpp"

namespace weir {
namespace {

static_assert(limits::kBlockPadding >= simdjson::SIMDJSON_PADDING);

// Positions behind the last one that simdjson found: the walk looks three ahead.
constexpr std::size_t kSentinels = 4;

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool opens(char c) noexcept { return c == '{' || c == '['; }

/// 8 bytes at a time, little-endian; reads past the end stay in the event's padding.
bool has_backslash(std::string_view text) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
  const char* at = text.data();
  std::size_t left = text.size();
  if (left > 64) return std::memchr(at, '\\', left) != nullptr;
  for (;; at += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    word ^= kOnes * '\\';
    std::uint64_t zeros = (word - kOnes) & ~word & (kOnes << 7);
    if (left <= 8) {
      if (left < 8) zeros &= (std::uint64_t{1} << (8 * left)) - 1;
      return zeros != 0;
    }
    if (zeros != 0) return true;
  }
}

/// True if a backslash is among the 16 bytes at `text`.
inline bool has_backslash_near(const char* text) noexcept {
#if defined(__SSE2__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  return _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))) != 0;
#else
  return has_backslash({text, 16});
#endif
}

/// Reads the values that nearly all are: a string of up to 16 bytes without escapes, an integer of
/// up to 18 digits, right before the next position. False: it is something else, or broken.
inline bool read_common(const char* value, const char* next, Value& out) noexcept {
  if (*value == '"') {
    const std::ptrdiff_t size = next - value - 2;
    if (size < 0 || size > 16 || next[-1] != '"' || has_backslash_near(value + 1)) return false;
    out = Value::string({value + 1, static_cast<std::size_t>(size)});
    return true;
  }
  const char* at = value;
  std::uint64_t number = 0;
  while (*at >= '0' && *at <= '9') number = number * 10 + static_cast<unsigned char>(*at++ - '0');
  const std::ptrdiff_t digits = at - value;
  if (at != next || digits == 0 || digits > 18 || (*value == '0' && digits > 1)) return false;
  out = Value::of(static_cast<std::int64_t>(number));
  return true;
}

/// A key of 8 bytes and more, of which the first 8 are known to match. Reads past the key stay in
/// the event's padding: it stops at the first difference.
bool rest_matches(const char* raw, const std::string& name) noexcept {
  return std::strncmp(raw + 8, name.c_str() + 8, name.size() - 8) == 0 && raw[name.size()] == '"';
}

}  // namespace

JsonDecoder::JsonDecoder() = default;
JsonDecoder::~JsonDecoder() = default;

void JsonDecoder::index_run(std::string_view run) {
  run_ = {};
  if (!index(run)) return;
  run_ = run;
  brace_ = positions_;
  step_ = 0;
}

bool JsonDecoder::decode(std::string_view event, const FieldTree& fields, std::span<Value> row) {
  unescaped_used_ = 0;
  seen_ = 0;
  if (!begins_where_expected(event) && !find(event)) return false;
  return read_object(brace_, fields.root(), row, 1) != nullptr;
}

/// Nearly every event is an object without blanks around it, and has as many positions as the last
/// one of its run.
inline bool JsonDecoder::begins_where_expected(std::string_view event) noexcept {
  const auto offset = static_cast<std::size_t>(event.data() - run_.data());
  if (offset >= run_.size() || event.size() > run_.size() - offset) return false;
  const Position* const at = std::min(brace_ + step_, positions_end_ - 1);
  if (*at != offset || event.front() != '{' || event.back() != '}') return false;
  brace_ = at;
  event_end_ = static_cast<Position>(offset + event.size());
  return true;
}

/// Looks for the position of the event's brace; indexes the event by itself where the run does not
/// have it.
bool JsonDecoder::find(std::string_view event) {
  while (!event.empty() && is_space(event.front())) event.remove_prefix(1);
  while (!event.empty() && is_space(event.back())) event.remove_suffix(1);
  if (event.size() < 2 || event.front() != '{' || event.back() != '}') return false;
  if (find_in_run(event)) return true;
  run_ = {};  // Its positions are overwritten.
  if (!index(event)) return false;
  brace_ = positions_;
  event_end_ = static_cast<Position>(event.size());
  return true;
}

bool JsonDecoder::find_in_run(std::string_view event) {
  const auto offset = static_cast<std::size_t>(event.data() - run_.data());
  if (offset >= run_.size() || event.size() > run_.size() - offset) return false;
  const Position* const from = *brace_ <= offset ? brace_ : positions_;
  const Position* const at = std::lower_bound(from, positions_end_, offset);
  if (at == positions_end_ || *at != offset) return false;
  step_ = at > brace_ ? at - brace_ : 1;
  brace_ = at;
  event_end_ = static_cast<Position>(offset + event.size());
  return true;
}

bool JsonDecoder::validate(std::string_view event) {
  if (validator_ == nullptr) validator_ = std::make_unique<simdjson::dom::parser>();
  simdjson::dom::element element;
  // The event's padding is readable, so nothing needs to be copied.
  return validator_->parse(event.data(), event.size(), false).get(element) == simdjson::SUCCESS &&
         element.is_object();
}

bool JsonDecoder::index(std::string_view bytes) {
  if (bytes.size() > capacity_) {
    capacity_ = std::max({bytes.size(), 2 * capacity_, kRunBytesMax});
    // The implementation is chosen here, by what the processor can do. It has room for nine
    // positions more than bytes.
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(
            capacity_, 1, stage_one_) != simdjson::SUCCESS) {
      capacity_ = 0;
      return false;
    }
  }
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  if (stage_one_->stage1(data, bytes.size(), simdjson::stage1_mode::regular) != simdjson::SUCCESS) {
    return false;
  }
  Position* const positions = stage_one_->structural_indexes.get();
  const std::size_t count = stage_one_->n_structural_indexes;
  std::fill_n(positions + count, kSentinels, static_cast<Position>(bytes.size()));
  base_ = bytes.data();
  positions_ = positions;
  positions_end_ = positions + count;
  return count != 0;
}

/// Reads the object whose opening brace is at `at`. Returns the position of its closing brace, or
/// any other where all that was wanted has been found at the top level; null if it is broken.
const JsonDecoder::Position* JsonDecoder::read_object(const Position* at, const FieldNode& wanted,
                                                      std::span<Value> row, std::size_t depth) {
  if (depth > limits::kJsonDepthMax) return nullptr;
  // Local copies: the loop below runs for every key up to the last wanted one.
  const char* const base = base_;
  const Position event_end = event_end_;
  std::size_t remaining = wanted.size();
  ++at;
  if (*at < event_end && base[*at] == '}') return at;
  // Every member has a key, a colon, a value, and a comma or closing brace behind it. Positions
  // ascend, so it is enough that the last one looked at lies in the event; the sentinels behind all
  // positions are no key and a colon at once.
  while (true) {
    const char* const key = base + at[0];
    if (*key != '"' || base[at[1]] != ':') return nullptr;
    const int found = match(at, key + 1, wanted);
    at += 2;
    if (found < 0) {
      // What nobody asked for is passed over without a look at what it is.
      at = opens(base[*at]) ? skip_container(at) : at + 1;
    } else {
      const FieldNode::Key& child = wanted.key(found);
      Value* const out = child.slot < 0 ? nullptr : &row[static_cast<std::size_t>(child.slot)];
      if (out != nullptr && !child.has_below && out->missing() &&
          read_common(base + at[0], base + at[1], *out)) {
        ++at;
      } else {
        // Of duplicate keys the first wins: by its slot, or by a bit where only fields below it are
        // wanted.
        const std::uint64_t bit = std::uint64_t{1} << child.once;
        const bool is_again = out != nullptr ? !out->missing() : (seen_ & bit) != 0;
        if (child.once != 0) seen_ |= bit;
        at = is_again ? skip_value(at) : read_value(at, wanted, found, row, depth);
        if (at == nullptr) return nullptr;
        if (out == nullptr || is_again) ++remaining;
      }
      if (--remaining == 0 && depth == 1) return *at < event_end ? at : nullptr;
    }
    const char end = base[*at];
    if (end != ',') return end == '}' && *at < event_end ? at : nullptr;
    ++at;
  }
}

/// Which of the wanted keys stands at `at`, -1 for none; `raw` are its bytes behind the quote.
inline int JsonDecoder::match(const Position* at, const char* raw, const FieldNode& wanted) {
  const int candidate = wanted.first(*raw);
  if (candidate == FieldNode::kNone) [[likely]]
    return -1;
  if (candidate >= 0) {
    const FieldNode::Key& key = wanted.key(candidate);
    if (key.is_one_word && key.starts_as(raw)) [[likely]]
      return candidate;
  }
  return match_slowly(at, raw, candidate, wanted);
}

int JsonDecoder::match_slowly(const Position* at, const char* raw, int candidate,
                              const FieldNode& wanted) {
  if (at[1] >= event_end_) return -1;  // The event has no more keys: it is broken.
  for (; candidate >= 0; candidate = wanted.key(candidate).next) {
    const FieldNode::Key& key = wanted.key(candidate);
    if (!key.starts_as(raw)) continue;
    if (key.is_one_word || rest_matches(raw, wanted.name(candidate))) return candidate;
  }
  const std::string_view quoted = token(at);
  if (!has_backslash(quoted)) return -1;
  Value unescaped;  // "\u0061pp" and "a\u0070p" spell app, too.
  return read_string(quoted, unescaped) ? wanted.find(unescaped.text()) : -1;
}

/// The position behind the value at `at`.
const JsonDecoder::Position* JsonDecoder::skip_value(const Position* at) const noexcept {
  return opens(base_[*at]) ? skip_container(at) : at + 1;
}

/// Reads the value at `at`. Returns the position behind it, null if it is broken.
const JsonDecoder::Position* JsonDecoder::read_value(const Position* at, const FieldNode& wanted,
                                                     int found, std::span<Value> row,
                                                     std::size_t depth) {
  if (*at >= event_end_) return nullptr;
  const FieldNode::Key& key = wanted.key(found);
  const char first = base_[*at];
  if (!opens(first)) {
    if (key.slot < 0) return at + 1;
    return read_scalar(token(at), row[static_cast<std::size_t>(key.slot)]) ? at + 1 : nullptr;
  }
  const Position* end = nullptr;  // The closing bracket.
  if (first == '{' && key.has_below) {
    end = read_object(at, wanted.below(found), row, depth + 1);
  } else {
    end = skip_container(at) - 1;
  }
  if (end == nullptr || *end >= event_end_) return nullptr;
  if (key.slot >= 0) {
    row[static_cast<std::size_t>(key.slot)] =
        Value::json({base_ + *at, static_cast<std::size_t>(*end + 1 - *at)});
  }
  return end + 1;
}

/// The position behind the object or array that begins at `at`; at the end of the event if it is
/// not closed, where no comma or brace follows.
const JsonDecoder::Position* JsonDecoder::skip_container(const Position* at) const noexcept {
  std::size_t open = 0;
  do {
    const char c = base_[*at];
    if (opens(c)) ++open;
    if (c == '}' || c == ']') --open;
    ++at;
  } while (open != 0 && *at < event_end_);
  return at;
}

/// The scalar at `at`, up to the next position, without the white space between.
std::string_view JsonDecoder::token(const Position* at) const noexcept {
  const char* const begin = base_ + at[0];
  const char* end = base_ + std::min(at[1], event_end_);
  while (is_space(end[-1])) --end;
  return {begin, static_cast<std::size_t>(end - begin)};
}

bool JsonDecoder::read_scalar(std::string_view text, Value& out) {
  switch (text.front()) {
    case '"':
      return read_string(text, out);
    case 't':
      out = Value::of(true);
      return text == "true";
    case 'f':
      out = Value::of(false);
      return text == "false";
    case 'n':
      out = Value::null();
      return text == "null";
    default:
      return parse_json_number(text, out);
  }
}

bool JsonDecoder::read_string(std::string_view token, Value& out) {
  if (token.size() < 2 || token.back() != '"') return false;
  const std::string_view raw = token.substr(1, token.size() - 2);
  if (!has_backslash(raw)) [[likely]] {
    out = Value::string(raw);
    return true;
  }
  return unescape(raw, out);
}

bool JsonDecoder::unescape(std::string_view raw, Value& out) {
  // All strings of an event together are no longer than the event, unescaped even less; simdjson
  // writes up to its padding beyond. So the first string makes room for all.
  const std::size_t need = event_end_ + simdjson::SIMDJSON_PADDING;
  if (unescaped_capacity_ < need) {
    unescaped_capacity_ = 2 * need;
    unescaped_ = std::make_unique<char[]>(unescaped_capacity_);
  }
  auto* const out_begin = reinterpret_cast<std::uint8_t*>(unescaped_.get() + unescaped_used_);
  const auto* const source = reinterpret_cast<const std::uint8_t*>(raw.data());
  const std::uint8_t* const out_end = stage_one_->parse_string(source, out_begin);
  if (out_end == nullptr) return false;
  const auto size = static_cast<std::size_t>(out_end - out_begin);
  out = Value::string({unescaped_.get() + unescaped_used_, size}, true);
  unescaped_used_ += size;
  return true;
}

}  // namespace weir
