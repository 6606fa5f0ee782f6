#pragma once

// `weir bench`, `weir bench generate`, `weir bench verify`: the options, and what each does.
//
// Threads: the main one.

#include <CLI/CLI.hpp>
#include <iosfwd>

#include "router/bench/bench_options.hpp"

namespace weir::bench {

class BenchCommand {
 public:
  /// Adds `bench` and its own commands to `app`.
  explicit BenchCommand(CLI::App& app);

  bool chosen() const { return app_->parsed(); }

  /// `command`: the words behind `--`. Returns the exit code: 1 where something did not arrive as
  /// it was sent, or nothing was exercised. Throws ConfigError.
  int run(std::vector<std::string> command, std::ostream& out, std::ostream& errors);

 private:
  void refuse_what_does_not_fit() const;
  int measure(std::ostream& out, std::ostream& errors);
  int generate(std::ostream& errors);
  int verify(std::ostream& out, std::ostream& errors);
  int report(const struct BenchResult& result, std::ostream& out, std::ostream& errors);

  CLI::App* app_;
  CLI::App* generate_;
  CLI::App* verify_;
  BenchWords words_;
};

}  // namespace weir::bench
