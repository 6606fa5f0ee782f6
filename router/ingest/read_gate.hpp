#pragma once

// ReadGate: where a shard's readers stop while there is no room for more: a sink under pressure, or
// the memory budget exhausted. A reader asks open() before each read; told no, it leaves its
// continuation with wait() and does nothing until the gate opens.
//
// Threads: its shard's only.

#include <functional>
#include <utility>
#include <vector>

namespace weir {

class ReadGate {
 public:
  bool open() const noexcept { return open_; }

  /// `on_open` runs once, when the gate opens. It must keep alive what it uses.
  void wait(std::function<void()> on_open) { waiting_.push_back(std::move(on_open)); }

  void close() noexcept { open_ = false; }

  /// Opens, and lets all who wait go on.
  void reopen() {
    open_ = true;
    // A continuation may close the gate again and wait anew.
    for (auto& on_open : std::exchange(waiting_, {})) on_open();
  }

 private:
  bool open_ = true;
  std::vector<std::function<void()>> waiting_;
};

}  // namespace weir
