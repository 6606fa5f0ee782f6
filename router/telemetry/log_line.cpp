#include "router/telemetry/log_line.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "router/telemetry/printable.hpp"

namespace weir {
namespace {

namespace json = boost::json;

constexpr std::size_t kFieldsMax = 16;
constexpr std::size_t kTextBytesMin = 16;  // With kFieldsMax of them a line still fits.

std::string_view name_of(LogLevel level) noexcept {
  constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warn", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

std::string_view padded_name_of(LogLevel level) noexcept {
  constexpr std::array<std::string_view, 4> kNames = {"DEBUG", "INFO ", "WARN ", "ERROR"};
  return kNames[static_cast<std::size_t>(level)];
}

std::string quoted_where_needed(std::string_view text, std::size_t text_bytes_max) {
  const std::string shown = printable(shortened(text, text_bytes_max));
  if (!shown.empty() && shown.find_first_of(" =\"()") == std::string::npos) return shown;
  std::string quoted = "\"";
  for (const char byte : shown) {
    if (byte == '"') quoted += '\\';
    quoted += byte;
  }
  return quoted + '"';
}

std::string text_of(const LogField::Value& value, std::size_t text_bytes_max) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    return quoted_where_needed(*text, text_bytes_max);
  }
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return std::to_string(*number);
  return fmt::format("{}", std::get<double>(value));
}

json::value json_of(const LogField::Value& value, std::size_t text_bytes_max) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    return json::value(shortened(*text, text_bytes_max));
  }
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return *number;
  const double number = std::get<double>(value);
  return std::isfinite(number) ? json::value(number) : json::value(nullptr);
}

/// Renders with ever shorter texts until the line fits.
template <class Render>
std::string fitted(std::size_t bytes_max, Render render) {
  std::size_t text_bytes_max = bytes_max;
  for (;;) {
    std::string line = render(text_bytes_max);
    if (line.size() <= bytes_max || text_bytes_max <= kTextBytesMin) return line;
    text_bytes_max /= 2;
  }
}

}  // namespace

std::string log_line_text(LogLevel level, std::string_view component, std::string_view message,
                          Log::Fields fields, std::size_t bytes_max) {
  return fitted(bytes_max, [&](std::size_t text_bytes_max) {
    std::string line = fmt::format("{} {}: {}", padded_name_of(level),
                                   printable(shortened(component, text_bytes_max)),
                                   printable(shortened(message, text_bytes_max)));
    const char* separator = " (";
    std::size_t count = 0;
    for (const LogField& field : fields) {
      if (++count > kFieldsMax) break;
      line += separator + printable(shortened(field.key, text_bytes_max)) + '=' +
              text_of(field.value, text_bytes_max);
      separator = " ";
    }
    if (count > 0) line += ')';
    return line;
  });
}

std::string log_line_json(LogLevel level, std::string_view component, std::string_view message,
                          Log::Fields fields, std::size_t bytes_max) {
  return fitted(bytes_max, [&](std::size_t text_bytes_max) {
    json::object object = {{"level", name_of(level)},
                           {"component", shortened(component, text_bytes_max)},
                           {"message", shortened(message, text_bytes_max)}};
    std::size_t count = 0;
    for (const LogField& field : fields) {
      if (++count > kFieldsMax) break;
      // A key that is taken keeps its first value.
      object.emplace(shortened(field.key, text_bytes_max), json_of(field.value, text_bytes_max));
    }
    return printable_json(json::serialize(object)).substr(1);
  });
}

}  // namespace weir
