#include "config/interpolation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/bounds.hpp"
#include "config/expression_scanner.hpp"
#include "config/whole_file.hpp"

namespace weir {
namespace {

/// What may stand in a condition outside of quotes without changing what it means.
bool is_number_or_name(std::string_view value) noexcept {
  if (value.starts_with('-')) value.remove_prefix(1);
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
  });
}

/// `value` as it is written inside a string literal.
std::string escaped(std::string_view value) {
  std::string result;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\' || c == '"' || c == '\'') {
      result += '\\';
      result += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\u{:04x}", byte);
    } else {
      result += c;
    }
  }
  return result;
}

/// `value` made fit for where `scanner` stands. Throws at `place` where it is not.
std::string fit_into_expression(const PlacedText& value, const ExpressionScanner& scanner,
                                const PlacedText& place) {
  if (!scanner.inside_literal()) {
    if (is_number_or_name(value.text)) return value.text;
    throw place.error("outside of quotes only a number or a name can be put into a condition",
                      "put it into quotes: \"${…}\"");
  }
  if (!scanner.raw()) return escaped(value.text);
  const bool breaks_out = value.text.find_first_of("\"'\n\r") != std::string::npos;
  if (!breaks_out) return value.text;
  throw place.error("a value with quotes or line breaks cannot stand in a raw string",
                    "use a string without the r before its quote");
}

}  // namespace

PlacedText as_literal(const PlacedText& value) {
  if (value.text.find("${") == std::string::npos) return value;
  PlacedTextBuilder result(value.where);
  std::size_t copied = 0;
  for (std::size_t i = value.text.find("${"); i != std::string::npos;
       i = value.text.find("${", i + 2)) {
    result.copy(value, copied, i - copied);
    result.put("$", value.where.at(i), value.secret);
    copied = i;
  }
  result.copy(value, copied, value.text.size() - copied);
  return std::move(result).finish();
}

PlacedText Interpolator::plain(const PlacedText& written, std::size_t depth) {
  if (written.text.find("${") == std::string::npos) return written;
  PlacedTextBuilder result(written.where);
  std::size_t copied = 0;
  for (std::size_t i = 0; i < written.text.size();) {
    if (is_escaped_reference(written.text, i)) {
      result.copy(written, copied, i - copied);
      copied = i + 1;
      i += 3;
    } else if (is_reference(written.text, i)) {
      result.copy(written, copied, i - copied);
      const Reference reference = read_reference(written, i);
      const Value value = resolve(written, reference, depth);
      if (value.is_default) {
        result.copy(value.text, 0, value.text.text.size());
      } else {
        result.put(value.text.text, written.where.at(i), value.text.secret);
      }
      copied = i = reference.end;
    } else {
      ++i;
    }
  }
  result.copy(written, copied, written.text.size() - copied);
  return std::move(result).finish();
}

PlacedText Interpolator::expression(const PlacedText& written) {
  if (written.text.find("${") == std::string::npos) return written;
  if (is_one_reference(written)) return plain(written, 0);
  PlacedTextBuilder result(written.where);
  ExpressionScanner scanner;
  std::size_t copied = 0;
  for (std::size_t i = 0; i < written.text.size();) {
    if (is_escaped_reference(written.text, i)) {
      result.copy(written, copied, i - copied);
      copied = i + 1;
      i += 3;
    } else if (is_reference(written.text, i)) {
      result.copy(written, copied, i - copied);
      const Reference reference = read_reference(written, i);
      const PlacedText place = written.sub(i, reference.end - i);
      const Value value = resolve(written, reference, 0);
      // A default that the condition's author wrote out is a part of the condition.
      const bool is_written_out = value.is_default && place.text.find("${", 2) == std::string::npos;
      if (is_written_out && !scanner.inside_literal()) {
        const std::string& text = value.text.text;
        for (std::size_t k = 0; k < text.size();) k = scanner.advance(text, k);
        result.copy(value.text, 0, text.size());
      } else {
        result.put(fit_into_expression(value.text, scanner, place), place.where, value.text.secret);
      }
      copied = i = reference.end;
    } else {
      i = scanner.advance(written.text, i);
    }
  }
  result.copy(written, copied, written.text.size() - copied);
  return std::move(result).finish();
}

Interpolator::Value Interpolator::resolve(const PlacedText& written, const Reference& reference,
                                          std::size_t depth) {
  if (depth >= bounds::kReferenceDepthMax) {
    throw written.error(
        fmt::format("more than {} \"${{\" inside each other", bounds::kReferenceDepthMax), "",
        reference.begin);
  }
  if (reference.form == Reference::Form::File) return {.text = file(written, reference)};
  const std::string name(reference.name);
  const auto found = environment_.find(name);
  const bool is_set = found != environment_.end();
  const bool suffices =
      is_set && (reference.form == Reference::Form::Plain || !found->second.empty());
  if (suffices) {
    PlacedText value{.text = found->second, .where = written.where.at(reference.begin)};
    charge(value);
    return {.text = std::move(value)};
  }
  const PlacedText argument =
      written.sub(std::min(reference.argument_begin, reference.end - 1),
                  reference.end - 1 - std::min(reference.argument_begin, reference.end - 1));
  if (reference.form == Reference::Form::Default) {
    return {.text = plain(argument, depth + 1), .is_default = true};
  }
  const std::string missing =
      fmt::format("the variable {} is {}", name, is_set ? "empty" : "not set");
  if (reference.form == Reference::Form::Required && !argument.text.empty()) {
    throw written.error(fmt::format("{}: {}", missing, argument.text), "", reference.begin);
  }
  throw written.error(missing, fmt::format("set it, or give a default: ${{{}:-…}}", name),
                      reference.begin);
}

PlacedText Interpolator::file(const PlacedText& written, const Reference& reference) {
  const Location where = written.where.at(reference.begin);
  const std::size_t begin = reference.argument_begin;
  const std::string path = written.text.substr(begin, reference.end - 1 - begin);
  PlacedText value{.text = read_whole_file(path, bounds::kSecretFileBytesMax, where),
                   .where = where,
                   .secret = true};
  const std::size_t newline = value.text.ends_with("\r\n") ? 2 : value.text.ends_with('\n') ? 1 : 0;
  value.text.resize(value.text.size() - newline);
  charge(value);
  return value;
}

void Interpolator::charge(const PlacedText& value) {
  bytes_used_ += value.text.size();
  if (bytes_used_ <= bounds::kInterpolatedBytesMax) return;
  throw value.error(fmt::format("the values of all variables together exceed {} MiB",
                                bounds::kInterpolatedBytesMax >> 20U));
}

}  // namespace weir
