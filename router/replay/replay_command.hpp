#pragma once

// `weir replay SINK`: sends again what lies in a sink's spool: what was kept after its delivery, or
// what waits. The spool is only read, also beside a running weir.

#include <CLI/CLI.hpp>
#include <iosfwd>
#include <memory>
#include <string>

namespace weir {

class ReplayCommand {
 public:
  /// Adds `replay` with its options to `app`.
  explicit ReplayCommand(CLI::App& app);

  bool chosen() const;

  /// Returns the exit code: 3 where events were missing, or lost on their way. Throws ConfigError
  /// and CommandError.
  int run(std::ostream& out) const;

 private:
  std::string find_spool(const class PumpConfig& config) const;

  CLI::App* command_;
  std::string sink_;
  std::string config_file_;
  std::string spool_;
  std::string from_;
  std::string to_;
  std::string where_;
  std::string rate_;
  std::string target_;
  bool dry_run_ = false;
  bool waiting_ = false;
  bool kept_ = false;
  bool all_ = false;
};

}  // namespace weir
