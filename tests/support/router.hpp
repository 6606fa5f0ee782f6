#pragma once

// Router: a running `weir` in a directory of its own, with what a test asks of it: its ports, its
// books, its end. Configurations say `${DIR}` for that directory and port 0 for every port.
//
// Threads: like Process.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace weir::test {

/// The program under test, as the build made it.
std::string weir_program();

/// `weir ARGUMENTS...` run to its end.
struct Finished {
  int exit_code = -1;  ///< -1: it did not end within kPatience.
  std::string out;
  std::string err;
};
Finished run_weir(std::vector<std::string> arguments, std::string_view input = "",
                  std::map<std::string, std::string> environment = {});

/// The numbers of a ledger: of the closing balance or of `/ledger`.
class Books {
 public:
  /// `text`: the JSON object itself, or a log that has the closing balance as one of its lines.
  /// Throws std::runtime_error where there is none.
  static Books of(std::string_view text);

  std::uint64_t imbalance() const;
  std::uint64_t lost() const;
  std::uint64_t source(std::string_view name, std::string_view key) const;
  std::uint64_t sink(std::string_view name, std::string_view key) const;
  std::uint64_t dropped(std::string_view component, std::string_view reason) const;

 private:
  std::uint64_t number(std::string_view list, std::string_view name,
                       std::string_view pointer) const;
  std::string json_;
};

/// The port of `name` in the content of a port file. Throws where there is none.
std::uint16_t port_in(std::string_view port_file, std::string_view name);

class Router {
 public:
  struct Options {
    std::vector<std::string> arguments = {};  ///< After `run -c FILE`.
    std::map<std::string, std::string> environment = {};
    std::vector<std::string> wrapper = {};  ///< A command that ends in exec of what follows it.
    int stdin_descriptor = -1;              ///< Its standard input; it stays the caller's.
    bool await_ready = true;                ///< Throw unless it is ready within kPatience.
  };

  explicit Router(std::string_view yaml) : Router(yaml, Options()) {}
  Router(std::string_view yaml, const Options& options);

  /// The router's `${DIR}`.
  const TempDir& directory() const noexcept { return *directory_; }
  std::vector<std::string> lines(std::string_view file) const {
    return lines_of(directory_->read(file));
  }
  Process& process() noexcept { return *process_; }

  /// The port that a source (by its name) or the admin server ("admin") was given. Throws where
  /// there is none.
  std::uint16_t port(std::string_view name) const;

  bool ready() const;
  std::string control_socket() const { return *run_ / "control.sock"; }

  /// Replaces the configuration and sends SIGHUP.
  void reload(std::string_view yaml);

  /// SIGTERM, then the exit code; empty where it did not end in time.
  std::optional<int> stop();

  /// Requires: a source of the closing balance, so the router has ended; or an admin port.
  Books closing_books() const { return Books::of(process_->stderr_text()); }
  Books books_now() const;

 private:
  std::unique_ptr<TempDir> directory_;  // What the configuration knows as ${DIR}.
  std::unique_ptr<TempDir> run_;        // Its configuration, ports and control socket.
  std::unique_ptr<Process> process_;
};

}  // namespace weir::test
