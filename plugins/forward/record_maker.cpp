#include "plugins/forward/record_maker.hpp"

#include "router/base/limits.hpp"
#include "router/forward/forward_protocol.hpp"
#include "router/forward/msgpack.hpp"

namespace weir::forward {
namespace {

using simdjson::dom::element_type;

void write_event_time(std::int64_t time_ns, std::string& out) {
  const auto seconds = static_cast<std::uint32_t>(time_ns / 1'000'000'000);
  const auto nanoseconds = static_cast<std::uint32_t>(time_ns % 1'000'000'000);
  out += '\xd7';  // fixext 8.
  out += static_cast<char>(kEventTimeExtension);
  for (const std::uint32_t part : {seconds, nanoseconds}) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(part >> shift);
  }
}

/// size() of both stops counting at 2^24 - 1.
template <class Container>
std::size_t count_of(const Container& container) {
  std::size_t count = 0;
  for (auto at = container.begin(); at != container.end(); ++at) ++count;
  return count;
}

/// False where it is nested deeper than `depth_left`.
// NOLINTNEXTLINE(misc-no-recursion)
bool write_element(simdjson::dom::element element, std::size_t depth_left, std::string& out) {
  switch (element.type()) {
    case element_type::OBJECT: {
      const auto object = element.get_object().value_unsafe();
      if (depth_left == 0) return false;
      msgpack::write_map_head(count_of(object), out);
      for (const auto& [key, value] : object) {
        msgpack::write_text(key, out);
        if (!write_element(value, depth_left - 1, out)) return false;
      }
      return true;
    }
    case element_type::ARRAY: {
      const auto array = element.get_array().value_unsafe();
      if (depth_left == 0) return false;
      msgpack::write_array_head(count_of(array), out);
      for (const simdjson::dom::element each : array) {
        if (!write_element(each, depth_left - 1, out)) return false;
      }
      return true;
    }
    case element_type::STRING:
      msgpack::write_text(element.get_string().value_unsafe(), out);
      return true;
    case element_type::INT64:
      msgpack::write_signed(element.get_int64().value_unsafe(), out);
      return true;
    case element_type::UINT64:
      msgpack::write_unsigned(element.get_uint64().value_unsafe(), out);
      return true;
    case element_type::DOUBLE:
      msgpack::write_real(element.get_double().value_unsafe(), out);
      return true;
    case element_type::BOOL:
      msgpack::write_boolean(element.get_bool().value_unsafe(), out);
      return true;
    case element_type::NULL_VALUE:
      msgpack::write_nil(out);
      return true;
  }
  return false;
}

}  // namespace

void RecordMaker::append(const Batch& batch, std::size_t index, std::string& out) {
  const Event& event = batch.events()[index];
  msgpack::write_array_head(2, out);
  write_event_time(batch.origin(event).received_ns, out);
  if (records_ == Records::Bytes) {
    msgpack::write_map_head(1, out);
    msgpack::write_text(kBytesField, out);
    if (encodes_json_) return append_encoded(batch, index, out);
    return msgpack::write_binary(event.bytes(), out);
  }
  if (event.format == Format::Json && !event.truncated && append_fields(event.bytes(), out)) return;
  msgpack::write_map_head(1, out);
  msgpack::write_text("message", out);
  if (simdjson::validate_utf8(event.data, event.size)) {
    msgpack::write_text(event.bytes(), out);
  } else {
    msgpack::write_binary(event.bytes(), out);
  }
}

/// Adds nothing where it cannot be done. Requires: kBlockPadding readable bytes behind `json`.
bool RecordMaker::append_fields(std::string_view json, std::string& out) {
  static_assert(limits::kBlockPadding >= simdjson::SIMDJSON_PADDING);
  const std::size_t before = out.size();
  simdjson::dom::element root;
  const auto error = parser_.parse(json.data(), json.size(), false).get(root);
  if (error == simdjson::SUCCESS && root.is_object() &&
      write_element(root, limits::kJsonDepthMax, out)) {
    return true;
  }
  out.resize(before);
  return false;
}

/// As a stream would have it, without the newline behind it.
void RecordMaker::append_encoded(const Batch& batch, std::size_t index, std::string& out) {
  encoder_.clear();
  encoder_.add(batch, index, 1);
  msgpack::write_binary_head(encoder_.byte_count() - 1, out);
  for (const iovec& piece : encoder_.pieces()) {
    out.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  }
  out.pop_back();
}

}  // namespace weir::forward
