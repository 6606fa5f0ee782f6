// The Forward protocol: any bytes are refused or understood; how they are cut must not matter; and
// what is understood becomes one JSON object for each entry, in the room that there is.

#include <simdjson.h>

#include "router/forward/handshake.hpp"
#include "router/forward/msgpack_walker.hpp"
#include "router/ingest/forward_message.hpp"
#include "router/ingest/record_json.hpp"
#include "tests/fuzz/fuzz.hpp"

using weir::EntryReader;
using weir::ForwardEntry;
using weir::ForwardMessage;
using weir::RecordJson;
using weir::msgpack::Walker;

namespace {

constexpr std::size_t kBytesMax = 1 << 16;

/// Within the room: whole and JSON, or cut. Nothing behind the room is touched.
void check_entry(const ForwardEntry& entry, std::string_view tag, std::size_t room) {
  RecordJson json("time", "tag");
  std::string out(room + 1 + simdjson::SIMDJSON_PADDING, '#');
  const auto written = json.write(entry, tag, out.data(), room);
  WEIR_ASSERT(written.bytes <= room);
  WEIR_ASSERT(out[room] == '#');
  if (!written.whole) return;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  WEIR_ASSERT(parser.parse(out.data(), written.bytes, false).get(root) == simdjson::SUCCESS);
  WEIR_ASSERT(root.is_object());
}

void check_message(std::string_view bytes, std::size_t room) {
  ForwardMessage message;
  if (weir::read_forward_message(bytes, message) != nullptr) return;
  EntryReader reader(message.entries, message.is_bare);
  const bool is_good = reader.check() == nullptr;
  ForwardEntry entry;
  while (!reader.at_end()) {
    const std::size_t before = reader.bytes_left();
    if (reader.next(entry) != nullptr) break;
    WEIR_ASSERT(reader.bytes_left() < before);
    check_entry(entry, message.tag, room);
    (void)weir::original_bytes(entry.record);
  }
  WEIR_ASSERT(!is_good || reader.at_end());
}

}  // namespace

std::vector<std::string> weir::fuzz::seeds() {
  using namespace std::string_literals;
  const std::string time = "\xd7\0\0\0\0\1\0\0\0\2"s;
  const std::string record =
      "\x85\xa1n\x01\xa1s\xa2\xff\"\xa1m\x81\x93\xc0\xc2\xca?\x80\0\0\x7f\xa1"
      "f\xcb\x3f\xf8\0\0\0\0\0\0\xa1t"s +
      time;
  const std::string entry = "\x92" + time + record;
  const std::string option =
      "\x82\xa5"
      "chunk\xa2id\xa4size\x01";
  const std::string room = "\xff";
  return {room + "\x94\xa1t" + time + record + option,
          room + "\x93\xa1t\x92" + entry + entry + option,
          "\x10\x93\xa1t\xc4" + std::string(1, static_cast<char>(2 * entry.size())) + entry +
              entry + option,
          room + "\x92\xa1t\x91\x92\x92" + time + "\x80\x81\xaaweir.event\xc4\x01x",
          room + "\xc0",
          room +
              "\x96\xa4PING\xa1"
              "c\xa1s\xa1"
              "d\xa0\xa0",
          room +
              "\x92\xa4HELO\x82\xa5nonce\xc4\x01x\xa4"
              "auth\xa0",
          room +
              "\x95\xa4PONG\xc3\xa0\xa1h\xa1"
              "d"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes = weir::fuzz::text_of(data + 1, size - 1);
  Walker whole;
  const Walker::State state = whole.walk(bytes, kBytesMax);
  Walker cut;
  Walker::State by_bytes = Walker::State::Unfinished;
  for (std::size_t i = 1; i <= bytes.size() && by_bytes == Walker::State::Unfinished; ++i) {
    by_bytes = cut.walk(bytes.substr(0, i), kBytesMax);
  }
  if (!bytes.empty()) WEIR_ASSERT(by_bytes == state);
  if (state == Walker::State::Complete) {
    WEIR_ASSERT(cut.end() == whole.end());
    WEIR_ASSERT(whole.end() <= bytes.size());
    check_message(bytes.substr(0, whole.end()), std::size_t{data[0]} * 16);
  }
  (void)weir::forward::read_helo(bytes);
  (void)weir::forward::read_ping(bytes);
  (void)weir::forward::read_pong(bytes);
  return 0;
}
