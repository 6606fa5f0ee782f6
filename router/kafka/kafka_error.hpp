#pragma once

// What librdkafka answers, as an ErrorCode with librdkafka's own words.

#include <librdkafka/rdkafka.h>

#include "router/base/result.hpp"

namespace weir {

ErrorCode kafka_error(rd_kafka_resp_err_t code) noexcept;

}  // namespace weir
