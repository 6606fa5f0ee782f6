#pragma once

// Log: what weir says about itself, on stderr. Readable text on a terminal, one JSON object a line
// otherwise. Never one line per event: lines are for people, numbers are in the ledger.
//
// Nothing in a line can break it or drive a terminal; a line has at most 4096 bytes (longer texts
// are shortened); one kind of line (call site and component) is written at most ten times a second,
// the rest is counted and the count told; and a stderr that nobody reads costs lines, not time.
//
// Threads: all functions may be called on any thread. None throws. Passed by reference; there is
// one in the program, made by main, and it outlives everything else.

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <source_location>
#include <string>
#include <string_view>
#include <variant>

#include "router/telemetry/ledger.hpp"
#include "router/telemetry/log_limiter.hpp"

namespace weir {

struct Config;

enum class LogLevel : std::uint8_t { Debug, Info, Warn, Error };
enum class LogFormat : std::uint8_t { Auto, Text, Json };

struct LogOptions {
  LogLevel level = LogLevel::Info;
  LogFormat format = LogFormat::Auto;
  int fd = 2;  ///< Borrowed. Tests write elsewhere.
};

/// `log_level` and `log_format` of the configuration.
LogOptions log_options(const Config& config);

/// One `key=value` of a line. Views: valid during the call.
struct LogField {
  using Value = std::variant<std::string_view, bool, std::int64_t, std::uint64_t, double>;

  LogField(std::string_view name, std::string_view text) : key(name), value(text) {}
  LogField(std::string_view name, const char* text) : key(name), value(std::string_view(text)) {}
  LogField(std::string_view name, const std::string& text)
      : key(name), value(std::string_view(text)) {}
  LogField(std::string_view name, bool flag) : key(name), value(flag) {}
  LogField(std::string_view name, double number) : key(name), value(number) {}
  LogField(std::string_view name, std::signed_integral auto number)
      : key(name), value(static_cast<std::int64_t>(number)) {}
  LogField(std::string_view name, std::unsigned_integral auto number)
      : key(name), value(static_cast<std::uint64_t>(number)) {}

  std::string_view key;
  Value value;
};

class Log {
 public:
  using Fields = std::initializer_list<LogField>;
  using Where = std::source_location;

  explicit Log(const LogOptions& options = {});
  ~Log();  ///< Tells what was suppressed last.
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // `component`: the name of the source, sink or part that speaks. `message`: one sentence, no full
  // stop. At most 16 fields are written.
  void debug(std::string_view component, std::string_view message, Fields fields = {},
             Where where = Where::current()) noexcept;
  void info(std::string_view component, std::string_view message, Fields fields = {},
            Where where = Where::current()) noexcept;
  void warn(std::string_view component, std::string_view message, Fields fields = {},
            Where where = Where::current()) noexcept;
  void error(std::string_view component, std::string_view message, Fields fields = {},
             Where where = Where::current()) noexcept;

  bool enabled(LogLevel level) const noexcept { return level >= level_; }

  /// The last word: exactly one line `{"time":…,"balance":{…}}`, whatever level and format are.
  /// Waits up to two seconds for a slow reader.
  void closing_balance(const Balance& balance) noexcept;

 private:
  class Lines;  // The spdlog sink under it.

  void write(LogLevel level, std::string_view component, std::string_view message, Fields fields,
             const Where& where) noexcept;
  void write_line(LogLevel level, std::string_view component, std::string_view message,
                  Fields fields);
  void tell(const std::vector<LogLimiter::Suppressed>& suppressed);

  LogLevel level_;
  bool json_;
  std::shared_ptr<Lines> lines_;
  std::mutex mutex_;
  LogLimiter limiter_;  // Under mutex_.
};

}  // namespace weir
