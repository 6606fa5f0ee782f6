#pragma once

// ReadGate: where a shard's readers stop while there is no room for more: a sink under pressure, or
// the memory budget exhausted. A reader asks open() before each read; told no, it leaves its
// continuation with wait() and does nothing until the gate opens.
//
// Half closed (PressureLevel::High) it lets those through that cannot make their senders wait: they
// ask with Reader::Urgent.
//
// Threads: its shard's only.

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "router/sink/pressure.hpp"

namespace weir {

class ReadGate {
 public:
  enum class Reader : std::uint8_t {
    Waits,   ///< What it does not read now, it reads later.
    Urgent,  ///< What it does not read now is lost: datagrams.
  };

  bool open(Reader reader = Reader::Waits) const noexcept {
    return closed_by_ == PressureLevel::None ||
           (closed_by_ == PressureLevel::High && reader == Reader::Urgent);
  }
  PressureLevel closed_by() const noexcept { return closed_by_; }

  /// `on_open` runs once, when the gate opens for that reader. It must keep alive what it uses.
  void wait(std::function<void()> on_open, Reader reader = Reader::Waits) {
    (reader == Reader::Urgent ? urgent_ : waiting_).push_back(std::move(on_open));
  }

  /// Closes it at least so far.
  void close(PressureLevel level) noexcept {
    if (level > closed_by_) closed_by_ = level;
  }

  /// Closes it just so far, and lets all go on who may.
  void set(PressureLevel level) {
    closed_by_ = level;
    // A continuation may close the gate again and wait anew.
    if (open(Reader::Urgent)) go_on(urgent_);
    if (open(Reader::Waits)) go_on(waiting_);
  }

 private:
  static void go_on(std::vector<std::function<void()>>& waiting) {
    for (auto& on_open : std::exchange(waiting, {})) on_open();
  }

  PressureLevel closed_by_ = PressureLevel::None;
  std::vector<std::function<void()>> waiting_;
  std::vector<std::function<void()>> urgent_;
};

}  // namespace weir
