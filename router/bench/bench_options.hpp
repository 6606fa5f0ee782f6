#pragma once

// What is written behind `weir bench`, read and checked.
//
// Threads: pure values.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "router/bench/generate/event_set.hpp"

namespace weir::bench {

/// As written; see `weir bench --help`.
struct BenchWords {
  std::string to;
  std::vector<std::string> collect;
  std::uint32_t connections = 1;
  std::string rate;
  std::string events;
  std::string duration;
  std::string size = "200..600";
  std::string payload;
  std::string format = "json";
  std::uint64_t seed = 1;
  std::string connect_timeout = "10s";
  std::string stall_timeout = "30s";
  std::string settle = "2s";
  std::string late = "1s";
  std::string stop_timeout = "30s";
  int pid = 0;
  bool allow_loss = false;
  bool quiet = false;
  std::string json;                  ///< A file, `-` for standard output.
  std::vector<std::string> command;  ///< Behind `--`: the router under test.
  std::vector<std::string> files;    ///< Of `verify`.
};

/// "1000", "1k", "2.5M", each with "/s" or without.
double parse_rate(const std::string& text);

/// "1000", "1k", "2.5M"; 1 at least. Throws ConfigError as all of these do.
std::uint64_t parse_count(const std::string& name, const std::string& text);

/// "400" or "200..600", the smaller first, each with a unit as in the configuration ("256KiB").
void parse_size(const std::string& text, EventSetOptions& options);

EventFormat parse_format(const std::string& text);

/// "500ms", "10s", at most 10000h. Throws ConfigError.
std::chrono::milliseconds parse_time(const std::string& name, const std::string& text);

/// The same, and 0 is refused.
std::chrono::milliseconds parse_some_time(const std::string& name, const std::string& text);

/// Throws ConfigError where there are none, or too many.
void check_connections(const BenchWords& words);

/// Of the words, what the events are made by.
EventSetOptions event_set_options(const BenchWords& words);

}  // namespace weir::bench
