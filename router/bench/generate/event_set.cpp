#include "router/bench/generate/event_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "config/error.hpp"
#include "router/bench/content_sum.hpp"
#include "router/bench/generate/event_maker.hpp"

namespace weir::bench {
namespace {

// As many events as lie in a processor's own cache, and enough of them to differ.
constexpr std::size_t kMadeBytes = 1 << 20;
constexpr std::size_t kMadeMin = 16;
// Of a file, no more than this: it stays in memory.
constexpr std::size_t kReadBytesMax = 256 << 20;
// Of one line of it: a stamp says how long its text is in 24 bits.
constexpr std::size_t kPayloadLineBytesMax = (1 << 24) - 1;

constexpr std::size_t kJsonStampBytes = kStampBytes + kStampKey.size() + 6;  // "bench":"…",
constexpr std::size_t kTextStampBytes = kStampBytes + 1;
constexpr std::size_t kHeaderBytesMax = 64;

bool is_syslog(EventFormat format) {
  return format == EventFormat::Syslog5424 || format == EventFormat::Syslog3164;
}

std::string header(EventMaker& maker, EventFormat format) {
  if (format == EventFormat::Syslog5424) return maker.header_5424();
  return format == EventFormat::Syslog3164 ? maker.header_3164() : std::string();
}

}  // namespace

std::size_t EventSet::size_floor(EventFormat format) noexcept {
  if (format == EventFormat::Json) return kJsonStampBytes + EventMaker::kJsonBytesMin;
  return kTextStampBytes + 1 + (is_syslog(format) ? kHeaderBytesMax : 0);
}

EventSet::EventSet(const EventSetOptions& options) {
  if (options.payload_file.empty()) {
    make(options);
  } else {
    read(options);
  }
}

void EventSet::make(const EventSetOptions& options) {
  const std::size_t floor = size_floor(options.format);
  if (options.size_min < floor || options.size_max < options.size_min) {
    throw ConfigError(
        {}, fmt::format("--size {}..{} cannot be made", options.size_min, options.size_max),
        fmt::format("LOW..HIGH in bytes, from {} on: the stamp needs room", floor));
  }
  EventMaker maker(options.seed);
  while (bytes_.size() < kMadeBytes || events_.size() < kMadeMin) {
    const std::size_t size = maker.between(options.size_min, options.size_max);
    if (options.format == EventFormat::Json) {
      const std::string object = maker.json(size - kJsonStampBytes);
      add_json(object, json_sum(object).value_or(ContentSum()));
    } else {
      const std::string head = header(maker, options.format);
      add_text(head, maker.text(size - head.size() - kTextStampBytes));
    }
  }
}

void EventSet::read(const EventSetOptions& options) {
  std::ifstream file(options.payload_file, std::ios::binary);
  if (!file) {
    throw ConfigError({}, "cannot read the payload " + options.payload_file,
                      "is there such a file?");
  }
  EventMaker maker(options.seed);
  for (std::string line; bytes_.size() < kReadBytesMax && std::getline(file, line);) {
    // All of them: with the newline that is sent behind it, one would be a line's end, too.
    while (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    if (line.size() > kPayloadLineBytesMax) {
      throw ConfigError({}, "a line of the payload " + options.payload_file + " is too long",
                        fmt::format("{} bytes at most", kPayloadLineBytesMax));
    }
    const auto sum = options.format == EventFormat::Json ? json_sum(line) : std::nullopt;
    if (sum && line.find('"' + std::string(kStampKey) + '"') == std::string::npos) {
      add_json(line, *sum);
    } else {
      add_text(header(maker, options.format), line);
    }
  }
  if (events_.empty()) {
    throw ConfigError({}, "the payload " + options.payload_file + " holds no line", "");
  }
}

void EventSet::add_json(std::string_view object, const ContentSum& sum) {
  // The first member: whatever is cut off at the end, what is left says which event it was.
  const std::size_t fields = object.find('{') + 1;
  const std::size_t begin = bytes_.size();
  bytes_.append(object.substr(0, fields)).append("\"").append(kStampKey).append("\":\"");
  events_.push_back({.begin = begin,
                     .stamp_at = bytes_.size(),
                     .content_sum = sum.sum,
                     .extent = sum.fields,
                     .kind = StampKind::Json});
  bytes_.append(kStampBytes, '0').append(sum.fields != 0 ? "\"," : "\"");
  bytes_.append(object.substr(fields)).append("\n");
}

void EventSet::add_text(std::string_view header, std::string_view text) {
  const std::size_t begin = bytes_.size();
  bytes_ += header;
  events_.push_back({.begin = begin,
                     .stamp_at = bytes_.size(),
                     .content_sum = text_sum(text),
                     .extent = static_cast<std::uint32_t>(text.size()),
                     .kind = StampKind::Text});
  bytes_.append(kStampBytes, '0').append(" ").append(text).append("\n");
}

void EventSet::write(std::size_t index, Stamp stamp) noexcept {
  const Event& event = events_[index];
  stamp.kind = event.kind;
  stamp.extent = event.extent;
  write_stamp(bytes_.data() + event.stamp_at, stamp, event.content_sum);
}

}  // namespace weir::bench
