#include "router/topology/service.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <utility>

#include "config/host_port.hpp"
#include "config/load.hpp"
#include "router/base/fd.hpp"
#include "router/base/resident_pages.hpp"
#include "router/topology/data_locks.hpp"
#include "router/topology/notify.hpp"

namespace weir {
namespace {

// How often it looks whether a predecessor has ended, and how long beyond shutdown_timeout: its
// sinks then have a while to put on disk what is left, and its sources to tell their senders.
constexpr std::chrono::milliseconds kPredecessorPoll{50};
constexpr std::chrono::seconds kPredecessorMargin{5};
// What a shell says of a command that a signal has ended, more than the signal's number.
constexpr int kSignalled = 128;

void tell_of(const DataLocks::Held& held, Log& log) {
  constexpr const char* kWords = "another process still uses a directory; waiting for its end";
  if (held.process == 0) {
    log.info("weir", kWords, {{"directory", held.directory}});
  } else {
    log.info("weir", kWords, {{"directory", held.directory}, {"pid", std::int64_t{held.process}}});
  }
}

/// As many connections as the system allows, without asking the user to raise a soft limit.
void raise_open_files_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string addresses_text(const std::map<std::string, std::string>& addresses) {
  std::string text;
  for (const auto& [name, address] : addresses) {
    if (!text.empty()) text += ", ";
    text += name;
    if (!address.empty()) text += " " + address;
  }
  return text;
}

}  // namespace

Service::Service(Loaded loaded, std::function<Loaded()> load, Metrics& metrics, Log& log,
                 SourceInputs feeds)
    : loaded_(std::move(loaded)),
      load_(std::move(load)),
      inputs_(std::move(feeds)),
      is_router_(inputs_.empty()),
      metrics_(metrics),
      log_(log),
      signals_(io_),
      command_timer_(io_) {}

Service::~Service() = default;

int Service::run() {
  if (!start()) {
    log_.closing_balance(closing_balance_);
    return command_exit_code_.value_or(kExitClean);
  }
  io_.run();
  closing_balance_ = topology_->balance();
  log_.closing_balance(closing_balance_);
  if (!loaded_.config.port_file.empty()) std::remove(loaded_.config.port_file.c_str());
  const int code = exit_code(closing_balance_);
  // What their threads still use is not to go away under them.
  has_stuck_sinks_ = topology_->has_stuck_sinks();
  if (is_router_ && has_stuck_sinks_) ::_exit(code);
  return code;
}

/// False: it was told to end before it had begun.
bool Service::start() {
  std::signal(SIGPIPE, SIG_IGN);
  signals_.add({SIGTERM, SIGINT, SIGHUP});
  PassedSockets passed = PassedSockets::from_environment();
  const bool has_command = !loaded_.config.command.empty();
  if (has_command) signals_.add({SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH});
  if (has_command || ::getpid() == 1) signals_.add({SIGCHLD});
  raise_open_files_limit();
  signals_.listen([this](int number) { on_signal(number); });
  if (is_router_) {
    if (!wait_for_predecessor()) return false;
    bring_up_to_date(loaded_);
  }
  if (has_command) {
    command_ = std::make_unique<ChildProcess>(loaded_.config.command);
    ChildProcess::Pipes ends = command_->take_pipes();
    inputs_["stdout"].pipe = std::move(ends.out);
    inputs_["stderr"].pipe = std::move(ends.err);
  }
  relied_on_ = loaded_.plan.relied_on;
  topology_ = std::make_unique<Topology>(loaded_.config, std::move(loaded_.plan), std::move(passed),
                                         std::move(inputs_), io_, log_, metrics_);
  if (is_router_ && admin_ == nullptr) open_admin();
  topology_->start([this] {
    if (command_ == nullptr) begin_end("every source has ended");
  });
  if (command_ != nullptr) command_->start();
  write_port_file();
  notify_service_manager("READY=1");
  log_.info("weir", "ready", {{"sources", addresses_text(topology_->addresses())}});
  release_code_pages();
  if (reload_asked_) boost::asio::post(io_, [this] { reload(); });
  return true;
}

/// Waits for what a predecessor still has: what only one may use under data_dir, then its admin
/// port. False: a signal asks for the end. Where it takes too long the start goes on, and fails.
bool Service::wait_for_predecessor() {
  const DataLocks locks(loaded_.config, loaded_.plan);
  const bool names_admin =
      loaded_.config.admin.has_value() || !loaded_.config.control_socket.empty();
  const SteadyTime deadline = steady_now() + loaded_.config.shutdown_timeout + kPredecessorMargin;
  while (steady_now() < deadline) {
    if (const std::optional<DataLocks::Held> held = locks.first_held()) {
      if (waits_for_.empty()) tell_of(*held, log_);
      waits_for_ = held->directory;
      if (names_admin) try_open_admin();
    } else if (waits_for_.empty() || try_open_admin()) {
      break;
    }
    io_.run_for(kPredecessorPoll);  // There are signals to be heard, so it has something to do.
    if (ending_) return false;
  }
  waits_for_.clear();
  return true;
}

void Service::on_signal_before_start(int number) {
  if (number == SIGHUP) reload_asked_ = is_router_;
  if (number != SIGTERM && number != SIGINT) return;
  ending_ = true;
  if (!loaded_.config.command.empty()) command_exit_code_ = kSignalled + number;
  log_.info("weir", "ending before the start", {{"why", number == SIGTERM ? "SIGTERM" : "SIGINT"}});
  io_.stop();
}

/// A predecessor may still have its address.
bool Service::try_open_admin() {
  try {
    if (admin_ == nullptr) open_admin();
  } catch (const ConfigError&) {
    return false;
  }
  return true;
}

void Service::open_admin() {
  const auto balance = [this] { return topology_ ? topology_->balance() : Balance(); };
  const RouterView view{.balance = balance,
                        .config_yaml = [this] { return to_yaml(loaded_.config); },
                        .not_ready = [this] { return not_ready(); }};
  admin_ =
      std::make_unique<AdminServer>(io_,
                                    AdminOptions{.address = loaded_.config.admin,
                                                 .control_socket = loaded_.config.control_socket},
                                    view, metrics_, log_);
}

void Service::on_signal(int number) {
  if (number == SIGCHLD) {
    if (command_ == nullptr) {
      ChildProcess::reap_orphans();
      return;
    }
    command_exit_code_ = command_->reap();
    if (!command_exit_code_ || ending_) return;
    // Its last lines are in the pipes: draining reads them.
    begin_end("the command has ended");
    return;
  }
  if (topology_ == nullptr) {
    on_signal_before_start(number);
    return;
  }
  if (command_ != nullptr && command_->running()) {
    on_command_signal(number);
    return;
  }
  if (number == SIGHUP) {
    if (!ending_ && is_router_) reload();
    return;
  }
  if (number != SIGTERM && number != SIGINT) return;
  if (++signals_to_end_ > 1) end_at_once();
  begin_end(number == SIGTERM ? "SIGTERM" : "SIGINT");
}

/// The command decides what a signal means; but not for longer than shutdown_timeout.
void Service::on_command_signal(int number) {
  command_->signal(number);
  if (number != SIGTERM && number != SIGINT) return;
  if (++signals_to_end_ > 1) return;
  command_timer_.expires_after(loaded_.config.shutdown_timeout);
  command_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || command_ == nullptr || !command_->running()) return;
    log_.warn("weir", "the command did not end within shutdown_timeout and is killed");
    command_->signal(SIGKILL);
  });
}

/// Some settings are for the life of a process. A reload that asks for others says so, and
/// `/config` goes on to show what is in force.
void Service::keep_for_life(Config& config) {
  std::string changed;
  const auto keep = [&](const char* name, auto Config::*member) {
    if (config.*member == loaded_.config.*member) return;
    changed += (changed.empty() ? "" : ", ") + std::string(name);
    config.*member = loaded_.config.*member;
  };
  keep("admin", &Config::admin);
  keep("control_socket", &Config::control_socket);
  keep("data_dir", &Config::data_dir);
  keep("plugins", &Config::plugins);
  keep("shards", &Config::shards);
  keep("memory", &Config::memory_max_bytes);
  keep("log.level", &Config::log_level);
  keep("log.format", &Config::log_format);
  if (changed.empty()) return;
  log_.warn("reload", "these settings take effect at the next start only", {{"changed", changed}});
}

/// Since the plan was made something may have come into a spool that its sender was told is safe
/// there: a predecessor has put it there, or the sink that a reload replaces does.
void Service::bring_up_to_date(Loaded& loaded) {
  if (!is_outdated(loaded.plan, loaded.config, relied_on_)) return;
  loaded.plan = make_plan(loaded.config, loaded.registry, log_, metrics_, relied_on_);
}

void Service::reload() {
  notify_service_manager("RELOADING=1");
  try {
    Loaded loaded = load_();
    keep_for_life(loaded.config);
    bring_up_to_date(loaded);
    std::set<std::string> relied_on = loaded.plan.relied_on;
    topology_->reload(loaded.config, std::move(loaded.plan));
    loaded_.config = std::move(loaded.config);
    relied_on_.merge(relied_on);
    write_port_file();
    log_.info("reload", "the new configuration is in force",
              {{"sources", addresses_text(topology_->addresses())}});
  } catch (const std::exception& error) {
    log_.error("reload", "the old configuration goes on; the new one is wrong",
               {{"error", error.what()}});
  }
  notify_service_manager("READY=1");
}

void Service::begin_end(const char* why) {
  if (std::exchange(ending_, true)) return;
  notify_service_manager("STOPPING=1");
  log_.info("weir", "draining", {{"why", why}});
  topology_->drain(steady_now() + loaded_.config.shutdown_timeout, [this] {
    if (admin_ != nullptr) admin_->stop();
    io_.stop();
  });
}

void Service::end_at_once() {
  topology_->abandon();
  const Balance balance = topology_->balance();
  log_.warn("weir", "ending at once, at a second signal");
  log_.closing_balance(balance);
  if (admin_ != nullptr) admin_->stop();
  if (!loaded_.config.port_file.empty()) std::remove(loaded_.config.port_file.c_str());
  // Threads may be in the middle of a write: they are not waited for.
  ::_exit(exit_code(balance));
}

/// One JSON object, whole from the first moment: written beside and renamed.
void Service::write_port_file() const {
  const std::string& path = loaded_.config.port_file;
  if (path.empty()) return;
  boost::json::object sources;
  for (const auto& [name, address] : topology_->addresses()) sources[name] = address;
  boost::json::object ports{{"pid", ::getpid()}, {"sources", std::move(sources)}};
  if (const auto admin = admin_->address()) ports["admin"] = to_string(*admin);
  ports["control_socket"] = admin_->control_socket();
  const std::string beside = path + ".new";
  std::ofstream file(beside, std::ios::trunc);
  file << boost::json::serialize(ports) << '\n';
  file.close();
  if (!file || std::rename(beside.c_str(), path.c_str()) != 0) {
    log_.error("weir", "cannot write the port_file", {{"path", path}});
  }
}

std::vector<NotReady> Service::not_ready() const {
  if (topology_ == nullptr) {
    return {{.component = "weir", .why = "another process still has " + waits_for_}};
  }
  std::vector<NotReady> list = not_ready_parts(topology_->balance());
  if (ending_) list.push_back({.component = "weir", .why = "draining"});
  return list;
}

int Service::exit_code(const Balance& balance) const {
  // The command's own failure says more; but its success must not hide a loss.
  if (command_exit_code_.value_or(0) != 0) return *command_exit_code_;
  if (balance.imbalance() != 0) return kExitFailure;
  return balance.lost() == 0 ? kExitClean : kExitLoss;
}

}  // namespace weir
