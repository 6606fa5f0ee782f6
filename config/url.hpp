#pragma once

// The small URL reader: `scheme:[//]address/path?option=value&…`, or a bare word with options
// (`stdout?encoding=json`). Templates (`{app}`, `%Y`) and lists of brokers are not RFC 3986.
//
// Here the text is only split. `${…}` is left for later, and stepped over, so that a value never
// becomes a part of its own. A `?` inside the braces of a template belongs to the template.
// Percent-encoding exists in option values only, there for `%` and two hexadecimal digits; a `%` in
// a path is strftime's.

#include <string>
#include <vector>

#include "config/option.hpp"
#include "config/placed_text.hpp"

namespace weir {

struct UrlOption {
  PlacedText name;
  PlacedText value;  ///< Still encoded, not interpolated.
};

struct Url {
  PlacedText scheme;
  bool is_bare_word = true;  ///< No colon behind the scheme.
  PlacedText rest;           ///< Between "scheme:" or "scheme://" and "?".
  std::vector<UrlOption> options;
};

/// Throws ConfigError.
Url split_url(const PlacedText& written);

/// Where the `?` of the options stands from `from` on: outside of `${…}` and of a template's
/// braces. The text's size if there is none.
std::size_t find_question_mark(const PlacedText& written, std::size_t from);

/// Decodes `%XX`. Other `%` stay; `%24%7B` stays a literal `${`.
PlacedText percent_decode(const PlacedText& written);

/// Makes `value` fit to stand as an option's value in a URL; "${" included.
std::string percent_encode(std::string_view value);

/// Splits at each `separator` that is not inside `${…}`. "" has no pieces.
std::vector<PlacedText> split_list(const PlacedText& written, char separator);

}  // namespace weir
