#include "config/secret_names.hpp"

#include <algorithm>
#include <array>

#include "config/error.hpp"

namespace weir {
namespace {

constexpr std::size_t kNameBytesMax = 128;  // Longer words are no names.

constexpr std::array<std::string_view, 9> kTellingWords = {"password",    "passwd",  "passphrase",
                                                           "secret",      "token",   "credential",
                                                           "private_key", "api_key", "apikey"};

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_name_byte(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

/// The name that ends before `end`, over spaces and a closing quote.
std::string_view name_before(std::string_view line, std::size_t end) {
  while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\t')) --end;
  if (end > 0 && (line[end - 1] == '"' || line[end - 1] == '\'')) --end;
  std::size_t begin = end;
  while (begin > 0 && is_name_byte(line[begin - 1]) && end - begin <= kNameBytesMax) --begin;
  return line.substr(begin, end - begin);
}

/// Where `user:password@` begins, if `slashes` (at "//") is followed by one.
std::size_t user_column(std::string_view line, std::size_t slashes) {
  const std::size_t end = line.find_first_of("/?#\"' \t", slashes + 2);
  const std::string_view authority = line.substr(slashes + 2, end - slashes - 2);
  return authority.find('@') == std::string_view::npos ? std::string_view::npos : slashes + 2;
}

}  // namespace

void SecretNames::add(std::span<const ComponentSpec> components) {
  for (const ComponentSpec& component : components) add_options(component.options);
  known_.clear();
}

void SecretNames::add_options(std::span<const OptionSpec> options) {
  for (const OptionSpec& option : options) {
    if (option.type == OptionType::Secret &&
        std::find(names_.begin(), names_.end(), option.name) == names_.end()) {
      names_.push_back(option.name);
    }
    add_options(option.members);
  }
}

bool SecretNames::contains(std::string_view name) const {
  if (name.empty() || name.size() > kNameBytesMax) return false;
  std::string lowered(name);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
  const auto known = known_.find(lowered);
  if (known != known_.end()) return known->second;
  const bool telling =
      std::any_of(kTellingWords.begin(), kTellingWords.end(), [&](std::string_view word) {
        return lowered.find(word) != std::string::npos || names_are_near(lowered, word);
      });
  const bool found = telling || std::any_of(names_.begin(), names_.end(), [&](const auto& secret) {
                       return names_are_near(lowered, secret);
                     });
  known_.emplace(std::move(lowered), found);
  return found;
}

std::size_t secret_column(std::string_view line, const SecretNames& names, bool colons) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const std::string_view rest = line.substr(i);
    if (rest.starts_with("//")) {
      const std::size_t user = user_column(line, i);
      if (user != std::string_view::npos) return user;
    }
    if (rest.starts_with("== ") && i > 0 && line[i - 1] == ' ') {
      ++i;  // A comparison in a condition.
      continue;
    }
    // `:-` gives the default of a variable whose name may tell: ${DB_PASSWORD:-…}.
    const bool separates = line[i] == '=' || rest.starts_with(":-") || (colons && line[i] == ':');
    if (separates && names.contains(name_before(line, i))) return i + 1;
  }
  return std::string_view::npos;
}

}  // namespace weir
