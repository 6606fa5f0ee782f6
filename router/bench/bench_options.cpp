#include "router/bench/bench_options.hpp"

#include <cmath>

#include "config/error.hpp"
#include "config/settings.hpp"
#include "config/units.hpp"

namespace weir::bench {
namespace {

/// Takes `suffix` off the end of `text`, if it is there.
bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// Sequences have 40 bits, and a rate needs no more either.
constexpr double kNumberMax = 1e12;

// So that it fits nanoseconds, twice.
constexpr std::chrono::hours kTimeMax{10'000};

double parse_scaled(const std::string& name, const std::string& written, std::string_view text) {
  double scale = 1;
  if (take_suffix(text, "k") || take_suffix(text, "K")) scale = 1e3;
  if (take_suffix(text, "M")) scale = 1e6;
  if (take_suffix(text, "G")) scale = 1e9;
  double number = 0;
  if (!parse_number(text, number) || number <= 0 || number * scale > kNumberMax) {
    throw ConfigError({}, name + " " + written + ": a number above 0 is wanted, at most 1000G",
                      "for example 1000, 250k or 1.5M");
  }
  return number * scale;
}

std::size_t parse_bytes_of(const std::string& written, std::string_view text) {
  std::uint64_t bytes = 0;
  if (!parse_bytes(text, bytes) || bytes == 0 || bytes > 16 << 20) {
    throw ConfigError({}, "--size " + written + ": no size of an event",
                      "for example 400, 200..600 or 256KiB, at most 16MiB");
  }
  return bytes;
}

}  // namespace

double parse_rate(const std::string& text) {
  std::string_view rest = text;
  take_suffix(rest, "/s");
  return parse_scaled("--rate", text, rest);
}

std::uint64_t parse_count(const std::string& name, const std::string& text) {
  const double number = parse_scaled(name, text, text);
  if (number < 1) throw ConfigError({}, name + " " + text + ": it has to be 1 at least", "");
  return static_cast<std::uint64_t>(std::llround(number));
}

void parse_size(const std::string& text, EventSetOptions& options) {
  const std::string_view all = text;
  const std::size_t dots = all.find("..");
  options.size_min = parse_bytes_of(text, all.substr(0, dots));
  options.size_max = options.size_min;
  if (dots == std::string_view::npos) return;
  options.size_max = parse_bytes_of(text, all.substr(dots + 2));
  if (options.size_min > options.size_max) {
    throw ConfigError(
        {}, "--size " + text + ": the smaller size comes first",
        "--size " + std::string(all.substr(dots + 2)) + ".." + std::string(all.substr(0, dots)));
  }
}

EventFormat parse_format(const std::string& text) {
  if (text == "json") return EventFormat::Json;
  if (text == "text") return EventFormat::Text;
  if (text == "syslog5424") return EventFormat::Syslog5424;
  if (text == "syslog3164") return EventFormat::Syslog3164;
  throw ConfigError({}, "--format " + text + ": there is no such format",
                    "json, text, syslog5424 or syslog3164");
}

std::chrono::milliseconds parse_time(const std::string& name, const std::string& text) {
  std::chrono::milliseconds time{};
  if (!parse_duration(text, time)) {
    throw ConfigError({}, name + " " + text + ": no duration",
                      "a number with one unit, ms, s, m or h: 500ms, 10s, 1.5h");
  }
  if (time > kTimeMax) throw ConfigError({}, name + " " + text + ": at most 10000h", "");
  return time;
}

std::chrono::milliseconds parse_some_time(const std::string& name, const std::string& text) {
  const std::chrono::milliseconds time = parse_time(name, text);
  if (time.count() > 0) return time;
  throw ConfigError({}, name + " " + text + ": it has to be 1ms at least", "");
}

void check_connections(const BenchWords& words) {
  if (words.connections > 0 && words.connections <= 100'000) return;
  throw ConfigError({}, "--connections must be from 1 to 100000", "");
}

EventSetOptions event_set_options(const BenchWords& words) {
  EventSetOptions options;
  options.format = parse_format(words.format);
  options.seed = words.seed;
  options.payload_file = words.payload;
  parse_size(words.size, options);
  const std::size_t floor = EventSet::size_floor(options.format);
  if (options.payload_file.empty() && options.size_min < floor) {
    throw ConfigError({},
                      "--size " + words.size + ": an event of --format " + words.format +
                          " has at least " + std::to_string(floor) + " bytes",
                      "its stamp alone takes " + std::to_string(kStampBytes));
  }
  return options;
}

}  // namespace weir::bench
