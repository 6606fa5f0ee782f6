#pragma once

// `weir spool list|check|export|repair`: what lies in the spools below a data_dir, without a
// router. All but `repair` take no lock and change nothing: they may be used beside a running weir.

#include <CLI/CLI.hpp>
#include <iosfwd>
#include <string>

namespace weir {

class SpoolCommand {
 public:
  /// Adds the command to `app`, which this must not outlive.
  explicit SpoolCommand(CLI::App& app);

  bool chosen() const;

  /// Returns the exit code: 1 where damage was found, or something cannot be read or written.
  /// Throws ConfigError where the usage is wrong.
  int run(std::ostream& out, std::ostream& errors) const;

 private:
  std::string find_data_dir() const;

  CLI::App* app_;
  CLI::App* list_;
  CLI::App* check_;
  CLI::App* export_;
  CLI::App* repair_;
  std::string directory_;
  std::string config_file_;
  std::string sink_;
  std::string from_;
  std::string to_;
  bool json_ = false;
  bool waiting_ = false;
  bool kept_ = false;
  bool all_ = false;
  bool discard_ = false;
};

}  // namespace weir
