#include "router/telemetry/printable.hpp"

#include <fmt/format.h>

#include <boost/locale/utf.hpp>
#include <iterator>

namespace weir {
namespace {

namespace utf = boost::locale::utf;

/// Controls (C0, DEL, C1), separators of lines, and marks that change the direction of writing.
bool is_harmful(utf::code_point c) {
  if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return true;
  if (c == 0x061C || c == 0x200E || c == 0x200F || c == 0xFEFF) return true;
  return (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

void append_escaped(std::string& out, utf::code_point c) {
  switch (c) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += c < 0x100 ? fmt::format("\\x{:02x}", c) : fmt::format("\\u{:04x}", c);
  }
}

/// Copies `text`; `harmful(c)` and `invalid(byte)` append what stands for the rest.
template <class Harmful, class Invalid>
void copy_safe(std::string_view text, std::string& out, Harmful harmful, Invalid invalid) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const char* next = at;
    const utf::code_point c = utf::utf_traits<char>::decode(next, end);
    if (c == utf::illegal || c == utf::incomplete) {
      invalid(static_cast<unsigned char>(*at));
      ++at;
      continue;
    }
    if (is_harmful(c)) {
      harmful(c);
    } else {
      out.append(at, next);
    }
    at = next;
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  copy_safe(
      text, out, [&out](utf::code_point c) { append_escaped(out, c); },
      [&out](unsigned char byte) { fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte); });
  return out;
}

std::string printable_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  copy_safe(
      json, out,
      [&out](utf::code_point c) { fmt::format_to(std::back_inserter(out), "\\u{:04x}", c); },
      [&out](unsigned char) { out += "\\ufffd"; });
  return out;
}

std::string shortened(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  std::size_t size = bytes_max - 3;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  return std::string(text.substr(0, size)) + "...";
}

}  // namespace weir
