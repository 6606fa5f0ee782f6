#pragma once

// Destination: where the sink under test delivers to, with a hand on it: it can be away, be stuck,
// and show what has arrived, each as far as its kind can. destinations.cpp lists one for each sink.
//
// Nothing here has a thread: pump() does what the other side would be doing meanwhile.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/fake_context.hpp"

namespace weir::test {

class Destination {
 public:
  virtual ~Destination() = default;

  /// The sink's configuration: lines of YAML, without indentation.
  virtual std::vector<std::string> yaml() const = 0;

  /// Before the sink is opened: it cannot be reached. False where it always can.
  virtual bool make_away() { return false; }
  virtual void make_present() {}

  /// Breaks what connects the sink with it, and cannot be reached. False where nothing does.
  virtual bool break_off() { return false; }

  /// Before the sink is opened: it can be reached, but takes nothing. False where it always takes.
  virtual bool make_stuck() { return false; }

  /// Takes what has come.
  virtual void pump() {}

  /// True where nobody has connected, and nothing was made.
  virtual bool is_untouched() { return true; }

  /// All bytes that arrived, in order. None where that cannot be seen.
  virtual std::optional<std::string> bytes() { return {}; }

  /// How many events arrived. None where that cannot be seen.
  virtual std::optional<std::size_t> event_count(const FakeContext&) { return {}; }
};

/// How one sink is tested.
struct DestinationRow {
  std::string scheme;
  std::string folder;  ///< Below plugins/.
  std::function<std::unique_ptr<Destination>()> make;
};

/// One for each built-in sink.
const std::vector<DestinationRow>& destination_rows();

// Those that need more than a few lines.
std::unique_ptr<Destination> tcp_destination();
std::unique_ptr<Destination> unix_destination();
std::unique_ptr<Destination> stdout_destination();
std::unique_ptr<Destination> kafka_destination();
std::unique_ptr<Destination> forward_destination();

}  // namespace weir::test
