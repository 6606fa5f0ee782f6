#pragma once

// EventSet: the events that a generator sends over and over: whole lines, one behind the other,
// made once, each with a place for its stamp. They stay in the processor's cache, so that what
// is measured is the router and not the generator.
//
// Threads: one, which writes the stamps.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "router/bench/content_sum.hpp"
#include "router/bench/stamp.hpp"

namespace weir::bench {

enum class EventFormat : std::uint8_t { Json, Text, Syslog5424, Syslog3164 };

struct EventSetOptions {
  EventFormat format = EventFormat::Json;
  std::size_t size_min = 200;  ///< Bytes of an event without its newline, uniformly drawn.
  std::size_t size_max = 600;
  std::uint64_t seed = 1;    ///< The same seed makes the same events on every machine.
  std::string payload_file;  ///< If given: its lines, as they are, instead of made-up events.
};

class EventSet {
 public:
  /// Throws ConfigError: a file that cannot be read or holds no line, a size that cannot be.
  explicit EventSet(const EventSetOptions& options);

  std::size_t size() const noexcept { return events_.size(); }

  /// The bytes of the events from `first` to before `last`, newlines included.
  std::string_view bytes(std::size_t first, std::size_t last) const noexcept {
    return std::string_view(bytes_).substr(events_[first].begin,
                                           end_of(last) - events_[first].begin);
  }
  std::size_t bytes_of(std::size_t event) const noexcept {
    return end_of(event + 1) - events_[event].begin;
  }

  /// Writes the stamp of the event at `index`; kind and extent are set here.
  void write(std::size_t index, Stamp stamp) noexcept;

  /// The smallest event that can be made.
  static std::size_t size_floor(EventFormat format) noexcept;

 private:
  struct Event {
    std::size_t begin;
    std::size_t stamp_at;
    std::uint64_t content_sum;
    std::uint32_t extent;
    StampKind kind;
  };
  std::size_t end_of(std::size_t last) const noexcept {
    return last == events_.size() ? bytes_.size() : events_[last].begin;
  }
  void add_json(std::string_view object, const ContentSum& sum);
  void add_text(std::string_view header, std::string_view text);
  void make(const EventSetOptions& options);
  void read(const EventSetOptions& options);

  std::string bytes_;
  std::vector<Event> events_;
};

}  // namespace weir::bench
