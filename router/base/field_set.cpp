#include "router/base/field_set.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>
#include <utility>

#include "router/base/limits.hpp"

namespace weir {
namespace {

constexpr std::array<std::pair<std::string_view, Metadata>, 5> kMetadataNames = {{
    {"_source", Metadata::Source},
    {"_peer", Metadata::Peer},
    {"_received", Metadata::Received},
    {"_format", Metadata::Format},
    {"_truncated", Metadata::Truncated},
}};

bool is_identifier(std::string_view text) {
  if (text.empty() || (std::isdigit(static_cast<unsigned char>(text[0])) != 0)) return false;
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

void append_quoted(std::string& out, std::string_view key) {
  out += "[\"";
  for (char c : key) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += "\"]";
}

}  // namespace

Metadata metadata_of(std::string_view name) noexcept {
  for (const auto& [text, metadata] : kMetadataNames) {
    if (text == name) return metadata;
  }
  return Metadata::None;
}

std::string to_string(const FieldPath& path) {
  for (const auto& [text, metadata] : kMetadataNames) {
    if (path.metadata == metadata) return std::string(text);
  }
  std::string out;
  for (const std::string& key : path.keys) {
    const bool first = out.empty();
    // `event` at the top is a word of the language: `event["a-b"]` is a field of the top level.
    const bool is_word = first && (metadata_of(key) != Metadata::None || key == "event");
    if (is_identifier(key) && !is_word) {
      if (!first) out += '.';
      out += key;
    } else {
      if (first) out += "event";
      append_quoted(out, key);
    }
  }
  return out;
}

Slot FieldSet::add(const FieldPath& path) {
  const auto found = std::find(paths_.begin(), paths_.end(), path);
  if (found != paths_.end()) return static_cast<Slot>(found - paths_.begin());
  if (paths_.size() >= limits::kFieldsMax) throw std::length_error("too many fields");
  paths_.push_back(path);
  return static_cast<Slot>(paths_.size() - 1);
}

}  // namespace weir
