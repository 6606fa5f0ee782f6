#include "router/parse/json_decoder.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "router/base/limits.hpp"
#include "router/parse/json_number.hpp"

namespace weir {
namespace {

static_assert(limits::kBlockPadding >= simdjson::SIMDJSON_PADDING);

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Strings and numbers that nobody asked for are passed over without a look at what they hold.
bool is_plain_scalar(char first) noexcept {
  return first == '"' || (first >= '0' && first <= '9') || first == '-' || first == 't' ||
         first == 'f' || first == 'n';
}

/// False for nearly all keys that are not wanted, by their first byte alone.
bool may_match(char first, const FieldNode& wanted) noexcept {
  return wanted.first(first == '"' ? '\0' : first) >= 0 || first == '\\';
}

/// 8 bytes at a time; reads past the end stay in the event's padding.
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

/// A key of 8 bytes and more, of which the first 8 are known to match. Reads past the key stay in
/// the event's padding: it stops at the first difference.
bool rest_matches(const char* raw, const std::string& key) noexcept {
  return std::strncmp(raw + 8, key.c_str() + 8, key.size() - 8) == 0 && raw[key.size()] == '"';
}

}  // namespace

JsonDecoder::JsonDecoder() = default;
JsonDecoder::~JsonDecoder() = default;

void JsonDecoder::index_run(std::string_view run) {
  run_ = {};
  if (!index(run)) return;
  run_ = run;
  run_at_ = 0;
}

bool JsonDecoder::decode(std::string_view event, const FieldTree& fields, std::span<Value> row) {
  while (!event.empty() && is_space(event.front())) event.remove_prefix(1);
  while (!event.empty() && is_space(event.back())) event.remove_suffix(1);
  if (event.size() < 2 || event.front() != '{' || event.back() != '}') return false;
  unescaped_used_ = 0;
  if (!find_in_run(event)) {
    run_ = {};  // The index is overwritten.
    if (!index(event)) return false;
    run_at_ = 0;
    event_end_ = event.size();
  }
  std::size_t at = run_at_;
  return read_object(at, fields.root(), row, 1);
}

/// Looks for the index of the event's brace. Events of one shape have equally many indexes each, so
/// the distance of the last two is tried first.
bool JsonDecoder::find_in_run(std::string_view event) {
  if (run_.empty() || event.data() < run_.data() + (run_at_ == 0 ? 0 : 1) ||
      event.data() + event.size() > run_.data() + run_.size()) {
    return false;
  }
  const auto offset = static_cast<std::uint32_t>(event.data() - run_.data());
  std::size_t at = std::min(run_at_ + run_step_, index_count_ - 1);
  if (indexes_[at] != offset) {
    const std::uint32_t* const end = indexes_ + index_count_;
    const std::uint32_t* const found = std::lower_bound(indexes_ + run_at_, end, offset);
    if (found == end || *found != offset) return false;
    at = static_cast<std::size_t>(found - indexes_);
  }
  run_step_ = at - run_at_;
  run_at_ = at;
  event_end_ = offset + event.size();
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
    // The implementation is chosen here, by what the processor can do.
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(
            capacity_, 1, stage_one_) != simdjson::SUCCESS) {
      capacity_ = 0;
      return false;
    }
  }
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  if (stage_one_->stage1(data, bytes.size(), simdjson::stage1_mode::regular) !=
      simdjson::SUCCESS) {
    return false;
  }
  base_ = bytes.data();
  indexes_ = stage_one_->structural_indexes.get();
  index_count_ = stage_one_->n_structural_indexes;
  return true;
}

bool JsonDecoder::read_object(std::size_t& at, const FieldNode& wanted, std::span<Value> row,
                              std::size_t depth) {
  if (depth > limits::kJsonDepthMax) return false;
  std::size_t remaining = wanted.size();
  // Local copies: the loop below runs for every key up to the last wanted one.
  const std::uint32_t* const indexes = indexes_;
  const char* const event = base_;
  const std::size_t count = index_count_;
  const std::size_t event_end = event_end_;
  std::size_t i = at + 1;  // Behind the opening brace.
  if (i < count && indexes[i] < event_end && event[indexes[i]] == '}') {
    at = i;
    return true;
  }
  // Every member takes four indexes: key, colon, value, comma or closing brace.
  while (i + 3 < count && indexes[i + 3] < event_end) {
    const char* const key = event + indexes[i];
    if (*key != '"' || event[indexes[i + 1]] != ':') return false;
    const int found = may_match(key[1], wanted) ? match(i, wanted) : -1;
    i += 2;
    if (found < 0) {
      if (is_plain_scalar(event[indexes[i]])) [[likely]] {
        ++i;
      } else if (!skip_value(i)) {
        return false;
      }
    } else {
      const FieldNode::Child& child = wanted.child(found);
      const bool is_first = child.slot < 0 || row[static_cast<std::size_t>(child.slot)].missing();
      if (!(is_first ? read_value(i, child, row, depth) : skip_value(i))) return false;
      // Of duplicate keys the first wins. Where only fields below are wanted there is no slot to
      // tell by: then all are looked into, and the first value of each field below wins.
      if (is_first && child.slot >= 0 && --remaining == 0 && depth == 1) return true;
    }
    const char end = event[indexes[i]];
    if (end != ',') {
      at = i;
      return end == '}';
    }
    ++i;
  }
  return false;
}

int JsonDecoder::match(std::size_t at, const FieldNode& wanted) {
  const char* const raw = base_ + indexes_[at] + 1;
  bool may_be_escaped = raw[0] == '\\';
  for (int i = wanted.first(raw[0] == '"' ? '\0' : raw[0]); i >= 0; i = wanted.child(i).next) {
    const FieldNode::Child& child = wanted.child(i);
    if (child.starts_as(raw) && (child.is_one_word() || rest_matches(raw, child.key))) return i;
    may_be_escaped = true;
  }
  if (!may_be_escaped) return -1;
  const std::string_view key = token(at);
  if (!has_backslash(key)) return -1;
  Value unescaped;  // "\u0061pp" and "a\u0070p" spell app, too.
  return read_string(key, unescaped) ? wanted.find(unescaped.text()) : -1;
}

bool JsonDecoder::read_value(std::size_t& at, const FieldNode::Child& child, std::span<Value> row,
                             std::size_t depth) {
  const char first = at_index(at);
  const std::size_t begin = at;
  if (first == '{' && child.below != nullptr) {
    if (!read_object(at, *child.below, row, depth + 1) || at_index(at) != '}') return false;
    ++at;
  } else if (!skip_value(at)) {
    return false;
  }
  if (child.slot < 0) return true;
  Value& out = row[static_cast<std::size_t>(child.slot)];
  if (first != '{' && first != '[') return read_scalar(begin, out);
  const std::size_t offset = indexes_[begin];
  out = Value::json({base_ + offset, indexes_[at - 1] + 1 - offset});
  return true;
}

bool JsonDecoder::skip_value(std::size_t& at) const noexcept {
  const char first = at_index(at);
  if (first != '{' && first != '[') {
    ++at;
    return in_event(at) && is_plain_scalar(first);
  }
  std::size_t open = 0;
  do {
    const char c = at_index(at);
    if (c == '{' || c == '[') ++open;
    if (c == '}' || c == ']') --open;
    ++at;
  } while (open != 0 && in_event(at));
  return open == 0 && in_event(at);
}

std::string_view JsonDecoder::token(std::size_t at) const noexcept {
  const std::size_t begin = indexes_[at];
  std::size_t end = in_event(at + 1) ? indexes_[at + 1] : event_end_;
  while (end > begin && is_space(base_[end - 1])) --end;
  return {base_ + begin, end - begin};
}

bool JsonDecoder::read_scalar(std::size_t at, Value& out) {
  const std::string_view text = token(at);
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
  if (!has_backslash(raw)) {
    out = Value::string(raw);
    return true;
  }
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
