#include "router/telemetry/log.hpp"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <utility>

#include "config/config.hpp"
#include "router/telemetry/line_writer.hpp"
#include "router/telemetry/log_line.hpp"

namespace weir {
namespace {

// The time in UTC, as RFC 3339 writes it; what follows is made by log_line.hpp.
constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %v";
constexpr const char* kJsonPattern = "{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",%v";
constexpr std::size_t kTimeBytesMax = 64;

// A terminal or a pipe that is being read takes a line at once.
constexpr std::chrono::milliseconds kLinePatience{20};
constexpr std::chrono::milliseconds kBalancePatience{2000};

std::unique_ptr<spdlog::formatter> make_formatter(bool json) {
  return std::make_unique<spdlog::pattern_formatter>(json ? kJsonPattern : kTextPattern,
                                                     spdlog::pattern_time_type::utc, "\n");
}

spdlog::level::level_enum spdlog_level(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::Debug:
      return spdlog::level::debug;
    case LogLevel::Info:
      return spdlog::level::info;
    case LogLevel::Warn:
      return spdlog::level::warn;
    case LogLevel::Error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

LogOptions log_options(const Config& config) {
  LogOptions options;
  if (config.log_level == "debug") options.level = LogLevel::Debug;
  if (config.log_level == "warn") options.level = LogLevel::Warn;
  if (config.log_level == "error") options.level = LogLevel::Error;
  if (config.log_format == "text") options.format = LogFormat::Text;
  if (config.log_format == "json") options.format = LogFormat::Json;
  return options;
}

/// spdlog puts the time before each line and takes care of threads; LineWriter writes.
class Log::Lines final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  /// Bytes of a line without its time.
  static constexpr std::size_t kPayloadMax = LineWriter::kLineBytesMax - kTimeBytesMax;

  explicit Lines(const LogOptions& options)
      : writer_(options.fd),
        json_(options.format == LogFormat::Json ||
              (options.format == LogFormat::Auto && !writer_.is_terminal())),
        balance_formatter_(make_formatter(true)) {
    set_formatter(make_formatter(json_));
  }

  bool json() const noexcept { return json_; }

  /// `payload` is the rest of a JSON object.
  void write_balance(const std::string& payload) {
    const std::lock_guard lock(mutex_);
    spdlog::memory_buf_t line;
    balance_formatter_->format({"", spdlog::level::info, payload}, line);
    writer_.write({line.data(), line.size()}, kBalancePatience);
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    write_formatted(message);
    // What was lost is told after the first line that got through: then there is room again.
    if (const std::uint64_t lost = writer_.take_lost(); lost > 0) {
      lost_ += lost;
    } else if (lost_ > 0) {
      const std::string sentence = fmt::format("{} lines were lost: stderr was not read", lost_);
      const std::string payload =
          json_ ? log_line_json(LogLevel::Warn, "log", sentence, {{"lost", lost_}}, kPayloadMax)
                : log_line_text(LogLevel::Warn, "log", sentence, {}, kPayloadMax);
      write_formatted({"", spdlog::level::warn, payload});
      if (writer_.take_lost() == 0) lost_ = 0;
    }
  }

  void write_formatted(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    // Whoever did not read the last line in time is not waited for again.
    writer_.write({line.data(), line.size()},
                  lost_ > 0 ? std::chrono::milliseconds{0} : kLinePatience);
  }

  void flush_() override {}

  LineWriter writer_;
  bool json_;
  std::uint64_t lost_ = 0;
  std::unique_ptr<spdlog::formatter> balance_formatter_;
};

Log::Log(const LogOptions& options)
    : level_(options.level), lines_(std::make_shared<Lines>(options)) {
  json_ = lines_->json();
}

Log::~Log() {
  try {
    tell(limiter_.take_all());
  } catch (...) {  // Out of memory: nobody is left to tell.
  }
}

void Log::debug(std::string_view component, std::string_view message, Fields fields,
                Where where) noexcept {
  write(LogLevel::Debug, component, message, fields, where);
}
void Log::info(std::string_view component, std::string_view message, Fields fields,
               Where where) noexcept {
  write(LogLevel::Info, component, message, fields, where);
}
void Log::warn(std::string_view component, std::string_view message, Fields fields,
               Where where) noexcept {
  write(LogLevel::Warn, component, message, fields, where);
}
void Log::error(std::string_view component, std::string_view message, Fields fields,
                Where where) noexcept {
  write(LogLevel::Error, component, message, fields, where);
}

void Log::write(LogLevel level, std::string_view component, std::string_view message, Fields fields,
                const Where& where) noexcept {
  if (!enabled(level)) return;
  try {
    std::vector<LogLimiter::Suppressed> suppressed;
    bool admitted = false;
    {
      const std::lock_guard lock(mutex_);
      const SteadyTime now = steady_now();
      suppressed = limiter_.take_over(now);
      admitted =
          limiter_.admit({std::string(component), where.file_name(), where.line()}, message, now);
    }
    tell(suppressed);
    if (admitted) write_line(level, component, message, fields);
  } catch (...) {  // Out of memory. A log that fails must not take the router with it.
  }
}

void Log::write_line(LogLevel level, std::string_view component, std::string_view message,
                     Fields fields) {
  const std::string payload =
      json_ ? log_line_json(level, component, message, fields, Lines::kPayloadMax)
            : log_line_text(level, component, message, fields, Lines::kPayloadMax);
  lines_->log({"", spdlog_level(level), payload});
}

void Log::tell(const std::vector<LogLimiter::Suppressed>& suppressed) {
  for (const LogLimiter::Suppressed& kind : suppressed) {
    const std::string sentence = fmt::format("{} more suppressed", kind.lines);
    write_line(LogLevel::Warn, kind.component, sentence,
               {{"suppressed", kind.lines}, {"last", kind.last_message}});
  }
}

void Log::closing_balance(const Balance& balance) noexcept {
  try {
    {
      const std::lock_guard lock(mutex_);
      const auto suppressed = limiter_.take_all();
      tell(suppressed);
    }
    lines_->write_balance("\"balance\":" + to_json(balance) + "}");
  } catch (...) {  // Out of memory.
  }
}

}  // namespace weir
