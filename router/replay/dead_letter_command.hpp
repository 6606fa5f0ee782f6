#pragma once

// `weir dead-letter list|show|redrive|purge`: what to do with the events that a sink refused and
// that its `dead_letter` sink wrote to files.

#include <CLI/CLI.hpp>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "router/replay/letter_feed.hpp"
#include "router/replay/letter_scan.hpp"
#include "router/replay/pump.hpp"

namespace weir {

class DeadLetterCommand {
 public:
  /// Adds `dead-letter` with its own commands to `app`.
  explicit DeadLetterCommand(CLI::App& app);

  bool chosen() const;

  /// Returns the exit code. Throws ConfigError and CommandError.
  int run(std::ostream& out, std::ostream& errors);

 private:
  CLI::App* add(const char* name, const char* help, bool filters);
  void check_id() const;
  void find_files();
  int list(std::ostream& out, std::ostream& errors);
  int show(std::ostream& out, std::ostream& errors);
  int redrive(std::ostream& errors);
  int remove_delivered(const LetterKeys& delivered, Log& log);
  int redrive_to(const std::string& target, Log& log, Metrics& metrics, bool& go_on,
                 LetterKeys& delivered);
  int purge(std::ostream& out, std::ostream& errors);
  bool is_being_read(const Settings& sink) const;

  CLI::App* command_;
  CLI::App* list_;
  CLI::App* show_;
  CLI::App* redrive_;
  CLI::App* purge_;
  std::string config_file_;
  std::vector<std::string> paths_;
  LetterQuery query_;
  std::string id_;
  std::string to_;
  std::string rate_;
  bool json_ = false;
  bool raw_ = false;
  bool purges_ = false;
  bool all_ = false;

  std::unique_ptr<PumpConfig> config_;
  std::vector<LetterPath> files_;
};

}  // namespace weir
