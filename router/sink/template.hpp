#pragma once

// Template: a path, topic or key with parts that each event fills in:
// `/var/log/{app}/%Y-%m-%d.log`.
// `{expression}` is a column of the event; a missing or empty one renders as `_`. `%Y %m %d %H %M
// %S %%` are the time that render() is given, in UTC. `{{` and `}}` are braces.
//
// Values from events are made safe for their place: what is not in [A-Za-z0-9._-] becomes `_`, `.`
// and `..` become `_` and `__`, and more than 128 bytes are cut. So a value is never a separator,
// never a way up, and never empty.
//
// Compiled when the configuration is loaded; any thread may render.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "router/base/value.hpp"
#include "router/sink/plugin.hpp"

namespace weir {

class Template {
 public:
  Template() = default;

  /// What is done to values: see above, or nothing at all; then a missing one renders as nothing.
  enum class Values : std::uint8_t { Safe, AsTheyAre };

  /// Compiles `text`, which stands in `option` of `settings` ("" = the URL's path). Throws
  /// ConfigError.
  static Template compile(std::string_view text, const Settings& settings, std::string_view option,
                          SinkContext& context, Values values = Values::Safe);

  /// Appends the text for one event. `time_ns`: wall clock since the epoch.
  void render(std::span<const Value> columns, std::int64_t time_ns, std::string& out) const;

  /// What stands before the first `{` or `%`: for a path, where its directory is confined.
  std::string_view literal_prefix() const noexcept;

  /// True where all events render the same text (there is no `{`); time may still change it.
  bool same_for_all_events() const noexcept;

  /// The columns that it reads, each once: two events equal in these and in time render alike.
  std::span<const std::size_t> columns() const noexcept { return columns_; }

  /// Seconds for which a rendered time holds (1 with %S, 60 with %M, 3600, 86400, …); 0 = forever.
  std::int64_t time_granularity_s() const noexcept { return time_granularity_s_; }

 private:
  friend class TemplateReader;  // template.cpp: reads the text into parts.
  struct Part {
    enum class Kind : std::uint8_t { Literal, Column, Time } kind;
    std::string literal;     // Kind::Literal, or the strftime conversion of Kind::Time.
    std::size_t column = 0;  // Kind::Column.
  };
  std::vector<Part> parts_;
  Values values_ = Values::Safe;
  std::vector<std::size_t> columns_;
  std::int64_t time_granularity_s_ = 0;
};

}  // namespace weir
