#pragma once

// The router's own numbers as metric families: every name that weir serves on /metrics is in
// metric_families.cpp. Pure functions; any thread.

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "router/telemetry/ledger.hpp"
#include "router/telemetry/process_stats.hpp"

namespace weir {

/// Components of the same name (one that a reload removed and brought back) become one series.
std::vector<prometheus::MetricFamily> ledger_families(const Balance& balance,
                                                      const std::string& version);

std::vector<prometheus::MetricFamily> process_families(const ProcessStats& stats);

}  // namespace weir
