// Messages of the Forward protocol, byte by byte as its specification has them.

#include "router/ingest/forward_message.hpp"

#include <vector>

#include "router/forward/msgpack.hpp"
#include "router/forward/msgpack_walker.hpp"
#include "tests/support/catch.hpp"

using namespace weir;
using namespace std::string_literals;

namespace {

// EventTime of second 1 and nanosecond 2; {"m":"x"}.
const std::string kTime = "\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x02"s;
const std::string kRecord = "\x81\xa1m\xa1x";
const std::string kEntry = "\x92" + kTime + kRecord;
const std::string kOption =
    "\x81\xa5"
    "chunk\xa2id";

struct Parsed {
  ForwardMessage message;
  std::vector<ForwardEntry> entries;
  std::string wrong;
};

Parsed parse(const std::string& bytes) {
  Parsed parsed;
  msgpack::Walker walker;
  if (walker.walk(bytes, 1 << 20) != msgpack::Walker::State::Complete) {
    parsed.wrong = "no value";
    return parsed;
  }
  if (const char* const wrong = read_forward_message(bytes, parsed.message)) {
    parsed.wrong = wrong;
    return parsed;
  }
  EntryReader reader(parsed.message.entries, parsed.message.is_bare);
  if (const char* const wrong = reader.check()) parsed.wrong = wrong;
  while (parsed.wrong.empty() && !reader.at_end()) {
    ForwardEntry entry;
    REQUIRE(reader.next(entry) == nullptr);
    parsed.entries.push_back(entry);
  }
  return parsed;
}

std::string bin(const std::string& bytes) {
  std::string out;
  msgpack::write_binary(bytes, out);
  return out;
}
std::string str(const std::string& bytes) {
  std::string out;
  msgpack::write_text(bytes, out);
  return out;
}

}  // namespace

TEST_CASE("all modes say the same", "[ingest]") {
  const std::string message = "\x94\xa3tag" + kTime + kRecord + kOption;
  const std::string forward = "\x93\xa3tag\x91" + kEntry + kOption;
  const std::string packed = "\x93\xa3tag" + bin(kEntry) + kOption;
  const std::string packed_as_str = "\x93\xa3tag" + str(kEntry) + kOption;
  for (const std::string& bytes : {message, forward, packed, packed_as_str}) {
    const Parsed parsed = parse(bytes);
    CHECK(parsed.wrong.empty());
    CHECK(parsed.message.tag == "tag");
    CHECK(parsed.message.chunk == "id");
    REQUIRE(parsed.entries.size() == 1);
    CHECK(parsed.entries[0].record == kRecord);
    CHECK(parsed.entries[0].time_ns == 1'000'000'002);
  }
}

TEST_CASE("without an option nothing is to be answered", "[ingest]") {
  const std::vector<std::string> messages = {"\x93\xa3tag" + kTime + kRecord,
                                             "\x92\xa3tag\x92" + kEntry + kEntry,
                                             "\x92\xa3tag" + bin(kEntry + kEntry + kEntry),
                                             "\x93\xa3tag" + bin(kEntry) + "\xc0",
                                             "\x93\xa3tag" + bin(kEntry) + "\x80",
                                             "\x93\xa3tag" + bin(kEntry) + "\x81\xa4size\x01"};
  const std::vector<std::size_t> counts = {1, 2, 3, 1, 1, 1};
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Parsed parsed = parse(messages[i]);
    CHECK(parsed.wrong.empty());
    CHECK(parsed.message.chunk.empty());
    CHECK(parsed.entries.size() == counts[i]);
  }
  CHECK(parse("\x92\xa3tag\x90").entries.empty());
  CHECK(parse("\xc0").message.is_heartbeat);
}

TEST_CASE("times come as EventTime, in seconds, and with metadata", "[ingest]") {
  const auto time_of = [](const std::string& time) {
    const Parsed parsed = parse("\x92\xa1t\x91\x92" + time + kRecord);
    CHECK(parsed.wrong.empty());
    return parsed.entries.empty() ? std::nullopt : parsed.entries[0].time_ns;
  };
  CHECK(time_of("\xc7\x08\x00\x00\x00\x00\x01\x00\x00\x00\x02"s) == 1'000'000'002);
  CHECK(time_of("\xce\x65\x53\xf1\x00"s) == 1'700'000'000'000'000'000);
  CHECK(time_of("\xcb\x3f\xf8\0\0\0\0\0\0"s) == 1'500'000'000);
  CHECK_FALSE(time_of("\xc0"));
  CHECK_FALSE(time_of("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"));
  CHECK(time_of("\x92" + kTime + "\x80") == 1'000'000'002);
  // Fluent Bit's form in mode Message.
  const Parsed parsed = parse("\x93\xa1t\x92" + kTime + "\x80" + kRecord);
  CHECK(parsed.wrong.empty());
  REQUIRE(parsed.entries.size() == 1);
  CHECK(parsed.entries[0].time_ns == 1'000'000'002);
}

TEST_CASE("what is no message is told", "[ingest]") {
  const std::string bad[] = {"\x01",
                             "\x90",
                             "\x91\xa1t",
                             "\x95\xa1t\x01\x02\x03\x04",
                             "\x92\x01\x90",
                             "\x92\xa1t\x01",
                             "\x92" + str(std::string(1025, 't')) + "\x90",
                             "\x93\xa1t\x01\x02",  // A record that is a number.
                             "\x92\xa1t\x91\x93" + kTime + kRecord + kRecord,  // Three in an entry.
                             "\x92\xa1t\x91\x01",
                             "\x92\xa1t" + bin("\x01"),
                             "\x92\xa1t" + bin(kEntry + "\x92"),  // The second is cut.
                             "\x92\xa1t\x91\x92\xa1t" + kRecord,  // A time that is a text.
                             "\x92\xa1t\x91\x92\xd7\x01\0\0\0\1\0\0\0\2"s + kRecord,
                             "\x92\xa1t\x91\x92\xd7\0\0\0\0\1\xff\xff\xff\xff"s + kRecord,
                             "\x93\xa1t" + bin(kEntry) + "\x01",  // An option that is a number.
                             "\x93\xa1t" + bin(kEntry) +
                                 "\x81\xa5"
                                 "chunk\x01",
                             "\x93\xa1t" + bin(kEntry) +
                                 "\x81\xa5"
                                 "chunk\xa0",
                             "\x93\xa1t" + bin(kEntry) +
                                 "\x81\xa5"
                                 "chunk" +
                                 str(std::string(257, 'x')),
                             "\x93\xa1t" + bin(kEntry) +
                                 "\x81\xaa"
                                 "compressed\xa4zstd",
                             "\x93\xa1t\x90\x81\xaa"
                             "compressed\xa4gzip",
                             "\x93\xa1t" + bin(kEntry) +
                                 "\x81\xad"
                                 "fluent_signal\x01",
                             "\x94\xa1t" + bin(kEntry) + "\x80\x80"};
  for (const std::string& bytes : bad) {
    CHECK_FALSE(parse(bytes).wrong.empty());
  }
}

TEST_CASE("a message that is cut or has a bit turned harms nobody", "[ingest]") {
  const std::string whole = "\x93\xa3tag" + bin(kEntry + kEntry) + kOption;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(parse(whole.substr(0, size)).wrong == "no value");
  }
  std::size_t good = 0;
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string turned = whole;
    turned[bit / 8] = static_cast<char>(turned[bit / 8] ^ 1 << bit % 8);
    const Parsed parsed = parse(turned);
    good += parsed.wrong.empty() ? 1 : 0;
    for (const ForwardEntry& entry : parsed.entries) {
      CHECK(entry.record.data() >= parsed.message.entries.data());
    }
  }
  CHECK(good > 0);  // A text with another letter is a message still.
}

TEST_CASE("another weir's bytes are found, and only there", "[ingest]") {
  const auto record = [](const std::string& value) { return "\x81" + str("weir.event") + value; };
  CHECK(original_bytes(record(bin("a\0\xff"s))) == "a\0\xff"s);
  CHECK_FALSE(original_bytes(record(str("text"))));
  CHECK_FALSE(original_bytes("\x82" + str("weir.event") + bin("a") + str("b") + "\x01"));
  CHECK_FALSE(original_bytes(kRecord));
  CHECK_FALSE(original_bytes("\x80"));
}
