#pragma once

// Reference: one `${…}` in a scalar. This file finds them; interpolation.hpp resolves them. What
// splits scalars (URLs, lists, routes) steps over them, so that a value is never split.

#include <cstddef>
#include <optional>
#include <string_view>

#include "config/placed_text.hpp"

namespace weir {

struct Reference {
  enum class Form {
    Plain,     ///< ${NAME}: must be set.
    Default,   ///< ${NAME:-default}: default where it is not set or empty.
    Required,  ///< ${NAME:?message}: the message where it is not set or empty.
    File,      ///< ${file:/path}: what stands in the file.
  };
  std::size_t begin = 0;  ///< Of the `$`.
  std::size_t end = 0;    ///< Behind the `}`.
  Form form = Form::Plain;
  std::string_view name;           ///< "" with File.
  std::size_t argument_begin = 0;  ///< The default, message or path; it ends before the `}`.
};

/// True where `$${` stands at `at`: an escaped, literal `${`.
bool is_escaped_reference(std::string_view text, std::size_t at) noexcept;

/// True where `${` stands at `at`.
bool is_reference(std::string_view text, std::size_t at) noexcept;

/// Reads the reference at `at`. Braces inside of it are balanced. Throws ConfigError.
/// Requires: is_reference(written.text, at).
Reference read_reference(const PlacedText& written, std::size_t at);

/// Where the next byte to look at stands: behind the reference or escape at `at`, else at `at`.
std::size_t skip_reference(const PlacedText& written, std::size_t at);

/// True if `written` is one reference and nothing else: then its value stands for the whole.
bool is_one_reference(const PlacedText& written);

}  // namespace weir
