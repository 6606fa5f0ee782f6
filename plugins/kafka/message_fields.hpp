#pragma once

// MessageFields: what a Kafka record has beside its payload: a key, headers, a timestamp, each as
// the configuration asks for it.
//
// Threads: the sink's.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "router/base/batch.hpp"
#include "router/sink/template.hpp"

namespace weir::kafka {

class MessageFields {
 public:
  /// From `key`, `headers.*` and `timestamp`. Throws ConfigError.
  MessageFields(const Settings& settings, SinkContext& context);

  bool has_key() const noexcept { return key_.has_value(); }
  bool has_headers() const noexcept { return !headers_.empty(); }
  bool has_timestamp() const noexcept { return timestamp_.has_value(); }

  /// Appends the event's key; false where it has none, as every part of it is missing.
  bool key(const Batch& batch, std::size_t event, std::string& out) const;

  /// Milliseconds since the epoch: what `timestamp` says, a number of milliseconds or RFC 3339
  /// text, and otherwise when the event came in.
  std::int64_t timestamp_ms(const Batch& batch, std::size_t event) const;

  struct Header {
    std::string name;
    std::size_t column;
  };
  const std::vector<Header>& headers() const noexcept { return headers_; }

 private:
  std::optional<Template> key_;
  std::vector<Header> headers_;
  std::optional<std::size_t> timestamp_;  // A column.
};

}  // namespace weir::kafka
