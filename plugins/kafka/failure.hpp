#pragma once

// What a failed record means for the sink.

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <optional>

#include "router/base/reason.hpp"

namespace weir::kafka {

/// Why brokers will never take this record, where the answer `code` says so; nothing where it may
/// go better another time.
std::optional<Reason> lasting_reason(rd_kafka_resp_err_t code) noexcept;

/// True where the answer is for a whole set of records, any one of which may be the cause.
bool concerns_the_set(rd_kafka_resp_err_t code) noexcept;

}  // namespace weir::kafka
