#include "router/sink/json_text.hpp"

#include <cstdint>
#include <random>
#include <string>

#include "tests/support/catch.hpp"

namespace {

std::string escaped(const std::string& text, bool& was_invalid) {
  std::string out(text.size() * weir::kEscapedBytesMax, '\0');
  out.resize(
      static_cast<std::size_t>(weir::escape_json(text, out.data(), was_invalid) - out.data()));
  CHECK(weir::escaped_json_size(text) == out.size());
  std::string quoted;
  weir::append_json_string(text, quoted);
  CHECK(quoted == "\"" + out + "\"");
  return out;
}

std::string escaped(const std::string& text) {
  bool was_invalid = false;
  std::string out = escaped(text, was_invalid);
  CHECK_FALSE(was_invalid);
  return out;
}

std::string repaired(const std::string& text) {
  bool was_invalid = false;
  std::string out = escaped(text, was_invalid);
  CHECK(was_invalid);
  return out;
}

/// The same, one byte or sequence at a time: slow and plain.
std::string reference(const std::string& text) {
  static const std::string kReplacement = "\xef\xbf\xbd";
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
    };
    const unsigned c = byte(i);
    if (c < 0x80) {
      char buffer[8];
      if (c == '"' || c == '\\') {
        out += {'\\', static_cast<char>(c)};
      } else if (c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t') {
        out += '\\';
        out += c == '\b' ? 'b' : c == '\f' ? 'f' : c == '\n' ? 'n' : c == '\r' ? 'r' : 't';
      } else if (c < 0x20) {
        std::snprintf(buffer, sizeof(buffer), "\\u%04x", c);
        out += buffer;
      } else {
        out += static_cast<char>(c);
      }
      ++i;
      continue;
    }
    std::size_t size = 1;
    bool valid = false;
    const std::size_t wanted = c >= 0xc2 && c <= 0xdf   ? 2
                               : c >= 0xe0 && c <= 0xef ? 3
                               : c >= 0xf0 && c <= 0xf4 ? 4
                                                        : 0;
    if (wanted != 0) {
      for (; size < wanted; ++size) {
        const unsigned next = byte(i + size);
        if (next < 0x80 || next > 0xbf) break;
        if (size == 1 && ((c == 0xe0 && next < 0xa0) || (c == 0xed && next > 0x9f) ||
                          (c == 0xf0 && next < 0x90) || (c == 0xf4 && next > 0x8f))) {
          break;
        }
      }
      valid = size == wanted;
    }
    out += valid ? text.substr(i, size) : kReplacement;
    i += size;
  }
  return out;
}

}  // namespace

TEST_CASE("what JSON forbids in a string is escaped, the rest is not", "[encoder]") {
  CHECK(escaped("") == "");
  CHECK(escaped("plain ASCII / with / slashes and \x7f") ==
        "plain ASCII / with / slashes and \x7f");
  CHECK(escaped("\"\\\b\f\n\r\t") == R"(\"\\\b\f\n\r\t)");
  CHECK(escaped(std::string("\0\x01\x1f", 3)) == R"(\u0000\u0001\u001f)");
  CHECK(escaped("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80") ==
        "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
}

TEST_CASE("each part that is not UTF-8 becomes one replacement character", "[encoder]") {
  const std::string r = "\xef\xbf\xbd";
  CHECK(repaired("\x80") == r);
  CHECK(repaired("\xc3") == r);
  CHECK(repaired("\xc0\xaf") == r + r);                  // Overlong '/'.
  CHECK(repaired("\xe0\x80\xaf") == r + r + r);          // Overlong '/'.
  CHECK(repaired("\xed\xa0\x80") == r + r + r);          // A surrogate.
  CHECK(repaired("\xf4\x90\x80\x80") == r + r + r + r);  // Above U+10FFFF.
  CHECK(repaired("\xe2\x82") == r);                      // A character cut in two.
  CHECK(repaired("\xe2\x82\"") == r + "\\\"");
  CHECK(repaired("\xf0\x9f\x98\xe2\x82\xac") == r + "\xe2\x82\xac");
}

TEST_CASE("escaping agrees with a slow and plain version on random bytes", "[encoder]") {
  std::mt19937 random(7);
  const std::string interesting = "\"\\\n\x1f\x20\x7f\x80\xbf\xc2\xe0\xa0\xed\x9f\xf0\x90\xf4\x8f";
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 40, 'a');
    for (char& c : text) {
      const auto choice = random() % 4;
      if (choice == 0) c = static_cast<char>(random());
      if (choice == 1) c = interesting[random() % interesting.size()];
    }
    bool was_invalid = false;
    const std::string fast = escaped(text, was_invalid);
    const std::string slow = reference(text);
    INFO("round " << round);
    REQUIRE(fast == slow);
  }
}
