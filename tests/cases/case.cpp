#include "tests/cases/case.hpp"

#include <signal.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "tests/support/client.hpp"
#include "tests/support/router.hpp"
#include "tests/support/temp_dir.hpp"

namespace weir::test {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAnything = "<...>";

bool line_is_like(std::string_view text, std::string_view pattern) {
  const std::size_t first = pattern.find(kAnything);
  if (first == std::string_view::npos) return text == pattern;
  if (text.substr(0, first) != pattern.substr(0, first)) return false;
  text.remove_prefix(first);
  pattern.remove_prefix(first + kAnything.size());
  for (std::size_t skipped = 0; skipped <= text.size(); ++skipped) {
    if (line_is_like(text.substr(skipped), pattern)) return true;
  }
  return false;
}

std::string with_directory(std::string text, const std::string& directory) {
  constexpr std::string_view kVariable = "${DIR}";
  for (std::size_t at = 0; (at = text.find(kVariable, at)) != std::string::npos;) {
    text.replace(at, kVariable.size(), directory);
  }
  return text;
}

/// A case while it runs: its folder, the directory weir writes to, and the one it runs in.
class CaseRun {
 public:
  explicit CaseRun(fs::path folder) : folder_(std::move(folder)) {
    fs::create_directory(outcome());
    if (fs::exists(folder_ / "weir.yaml")) {
      fs::copy_file(folder_ / "weir.yaml", scratch_ / "weir.yaml");
    }
  }

  std::vector<std::string> run();

 private:
  std::string outcome() const { return scratch_ / "outcome"; }  // What the case knows as ${DIR}.
  Spawn spawn() const;
  void send_input(Process& weir) const;
  void send_stream(const Socket& socket, const char* file) const;
  std::vector<std::string> differences(const Process& weir) const;
  std::map<std::string, std::string> actual_files(const Process& weir) const;
  std::map<std::string, fs::path> expected_files() const;

  fs::path folder_;
  TempDir scratch_;
};

Spawn CaseRun::spawn() const {
  Spawn spawn{.arguments = {weir_program()}, .directory = scratch_.path()};
  std::vector<std::string> arguments = lines_of(content_of(folder_ / "args"));
  if (!fs::exists(folder_ / "args")) arguments = {"run", "-c", "weir.yaml"};
  for (std::string& each : arguments) {
    spawn.arguments.push_back(with_directory(std::move(each), outcome()));
  }
  spawn.environment = {{"DIR", outcome()},
                       {"RUN", scratch_.path().string()},
                       {"WEIR_PORT_FILE", scratch_ / "ports"},
                       {"WEIR_CONTROL_SOCKET", scratch_ / "control.sock"}};
  for (const std::string& line : lines_of(content_of(folder_ / "env"))) {
    const std::size_t equals = line.find('=');
    spawn.environment[line.substr(0, equals)] = with_directory(line.substr(equals + 1), outcome());
  }
  if (fs::exists(folder_ / "input.stdin")) spawn.stdin_file = folder_ / "input.stdin";
  return spawn;
}

/// Sends a file and waits until the router has read it to its end.
void CaseRun::send_stream(const Socket& socket, const char* file) const {
  socket.send(content_of(folder_ / file));
  socket.finish();
  socket.await_end();
}

/// Sends what goes over sockets, and ends a router that would otherwise run on.
void CaseRun::send_input(Process& weir) const {
  const bool tcp = fs::exists(folder_ / "input.tcp");
  const bool udp = fs::exists(folder_ / "input.udp");
  const bool local = fs::exists(folder_ / "input.unix");
  if (!tcp && !udp && !local) return;
  const std::string ports = scratch_ / "ports";
  if (!await([&] { return fs::exists(ports) || weir.ended(); }) || weir.ended()) return;
  if (tcp) send_stream(connect_tcp(port_in(content_of(ports), "tcp")), "input.tcp");
  if (local) send_stream(connect_unix(scratch_ / "weir.sock"), "input.unix");
  if (udp) {
    const Socket socket = connect_udp(port_in(content_of(ports), "udp"));
    for (const std::string& datagram : lines_of(content_of(folder_ / "input.udp"))) {
      socket.send(datagram);
    }
    // A datagram has no end that one could wait for.
    await([&] { return differences(weir).empty(); }, std::chrono::seconds(5));
  }
  weir.signal(SIGTERM);
}

std::map<std::string, std::string> CaseRun::actual_files(const Process& weir) const {
  std::map<std::string, std::string> files;
  files["stdout"] = weir.stdout_text();
  files["stderr"] = weir.stderr_text();
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(outcome())) {
    if (!entry.is_regular_file()) continue;
    files[entry.path().lexically_relative(outcome()).string()] = content_of(entry.path());
  }
  return files;
}

/// Name -> where its expected content stands.
std::map<std::string, fs::path> CaseRun::expected_files() const {
  std::map<std::string, fs::path> files;
  if (!fs::exists(folder_ / "expected")) return files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder_ / "expected")) {
    if (!entry.is_regular_file()) continue;
    fs::path name = entry.path().lexically_relative(folder_ / "expected");
    if (name.extension() == ".like") name.replace_extension();
    files[name.string()] = entry.path();
  }
  return files;
}

std::vector<std::string> CaseRun::differences(const Process& weir) const {
  std::vector<std::string> found;
  std::map<std::string, std::string> actual = actual_files(weir);
  for (const auto& [name, path] : expected_files()) {
    const std::string expected = content_of(path);
    const auto there = std::find_if(actual.begin(), actual.end(), [&](const auto& file) {
      return line_is_like(file.first, name);
    });
    if (there == actual.end()) {
      found.push_back(name + " is missing");
      continue;
    }
    const bool good =
        path.extension() == ".like" ? is_like(there->second, expected) : there->second == expected;
    if (!good) {
      found.push_back(there->first);
      found.back() += " is\n" + there->second + "\ninstead of\n" + expected;
    }
    actual.erase(there);
  }
  actual.erase("stderr");  // Where it is not compared, expected_stderr says what it has to hold.
  if (actual["stdout"].empty()) actual.erase("stdout");
  for (const auto& [name, content] : actual) {
    found.push_back(name + " was not expected:\n" + content);
  }
  return found;
}

std::vector<std::string> CaseRun::run() {
  Process weir(spawn());
  send_input(weir);
  const std::optional<int> exit_code = weir.wait();
  std::vector<std::string> found = differences(weir);
  const std::string log = weir.stderr_text();
  for (const std::string& line : lines_of(content_of(folder_ / "expected_stderr"))) {
    if (log.find(line) == std::string::npos) found.push_back("stderr does not say: " + line);
  }
  int expected_exit = 0;
  std::istringstream(content_of(folder_ / "expected_exit")) >> expected_exit;
  if (exit_code != expected_exit) {
    found.push_back("exit code " + (exit_code ? std::to_string(*exit_code) : "none, it hung") +
                    " instead of " + std::to_string(expected_exit));
  }
  if (!found.empty()) found.push_back("stderr:\n" + log);
  return found;
}

}  // namespace

bool is_like(std::string_view text, std::string_view pattern) {
  const auto lines = lines_of(text);
  const auto patterns = lines_of(pattern);
  return std::equal(lines.begin(), lines.end(), patterns.begin(), patterns.end(), line_is_like);
}

std::vector<std::string> run_case(const fs::path& folder) { return CaseRun(folder).run(); }

}  // namespace weir::test
