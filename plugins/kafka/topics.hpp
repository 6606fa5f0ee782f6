#pragma once

// Topics: which topic an event goes to. One for all, or a template that events fill in; then either
// a list says which there may be, or the text that stands before the first value does, so that an
// event cannot write wherever it likes; and their number is bounded.
//
// Names are kept by index, in the order in which they were first met.
//
// Threads: the sink's.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "router/base/value.hpp"
#include "router/sink/template.hpp"

namespace weir::kafka {

class Topics {
 public:
  /// From the URL's path, `topics` and `max_topics`. Throws ConfigError.
  Topics(const Settings& settings, SinkContext& context);

  /// The topic of an event, or nothing where it may not go there.
  std::optional<std::uint16_t> choose(std::span<const Value> columns, std::int64_t received_ns);

  /// True where all events go to the same one.
  bool is_one() const noexcept { return is_one_; }

  const std::string& name(std::uint16_t index) const noexcept { return names_[index]; }
  std::size_t size() const noexcept { return names_.size(); }

 private:
  void check(const Settings& settings) const;
  void allow(const Settings& settings);

  Template template_;
  bool is_one_ = false;
  bool only_listed_ = false;
  std::size_t max_ = 0;
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::uint16_t> indices_;
  std::string rendered_;
};

}  // namespace weir::kafka
