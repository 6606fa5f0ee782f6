#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <stdexcept>

#include "router/base/fd.hpp"
#include "tests/conformance/destination.hpp"
#include "tests/support/temp_dir.hpp"

namespace weir::test {
namespace {

/// What Catch has to say goes to stderr, so that descriptor 1 is the sink's alone.
const bool kReportsToStderr = [] {
  std::cout.rdbuf(std::cerr.rdbuf());
  return true;
}();

/// Puts a file of its own in the place of the process's standard output, for as long as it lives.
class StdoutDestination final : public Destination {
 public:
  StdoutDestination() : real_stdout_(::dup(STDOUT_FILENO)) {
    replace(Fd(::open((directory_ / "stdout").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)));
  }
  ~StdoutDestination() override { ::dup2(real_stdout_.get(), STDOUT_FILENO); }

  std::vector<std::string> yaml() const override { return {"url: stdout"}; }

  // A pipe that is full, and that nobody reads.
  bool make_stuck() override {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    unread_ = Fd(ends[0]);
    ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
    const std::string filling(4096, '.');
    while (::write(ends[1], filling.data(), filling.size()) > 0) {
    }
    ::fcntl(ends[1], F_SETFL, 0);
    replace(Fd(ends[1]));
    return true;
  }

  std::optional<std::string> bytes() override { return directory_.read("stdout"); }

 private:
  static void replace(const Fd& with) {
    if (!with || ::dup2(with.get(), STDOUT_FILENO) < 0) throw std::runtime_error("stdout");
  }
  TempDir directory_;
  Fd real_stdout_;
  Fd unread_;
};

}  // namespace

std::unique_ptr<Destination> stdout_destination() {
  if (!kReportsToStderr) return nullptr;
  return std::make_unique<StdoutDestination>();
}

}  // namespace weir::test
