#pragma once

// DeadLetters: where a sink's rejected events go: to another sink, as JSON that says what happened
// and holds the event byte for byte:
//
//   {"dead_letter":{"sink":"kafka","reason":"too_large","attempts":1,"time":"…","source":"apps",
//    "received":"…"},"event":"the text"}
//
// What is not UTF-8 stands in `event_base64` instead of `event`, and so does what is too long as a
// JSON string. A letter is an event, and no longer than any other may be: where neither form is
// short enough there is none, as half an event would be none. A receipt goes on with the letter:
// its source is told once the letter has arrived. An event that is on disk in the spool of the sink
// that rejected it stays there until its letter is as safe. A sink whose letters find no room waits
// for it: see target_is_full().
//
// Threads: any; mutex() keeps two accounts together while an event moves from one to the other, so
// that a balance that is taken under it is exact.

#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>

#include "router/base/limits.hpp"
#include "router/sink/own_events.hpp"
#include "router/sink/sink.hpp"

namespace weir {

class DeadLetters {
 public:
  /// The sink that takes the letters.
  struct Target {
    std::function<void(Batch)> offer;
    std::function<bool()> is_full;  ///< It presses back.
  };

  /// `mutex` is shared by all of a router.
  DeadLetters(std::string sink, OwnEvents events, Target target, std::mutex& mutex,
              std::size_t letter_bytes_max = limits::kEventBytesCeiling)
      : sink_(std::move(sink)),
        events_(std::move(events)),
        target_(std::move(target)),
        mutex_(mutex),
        letter_bytes_max_(letter_bytes_max) {}

  std::mutex& mutex() noexcept { return mutex_; }

  struct Written {
    Batch letters;
    bool no_memory = false;  ///< There are fewer than there would be with more of it.
  };

  /// The letters for what was rejected of `batch`, which are put first in `rejected`. The others
  /// have none, as they are too long or there is no memory. Requires: mutex() is held.
  Written write(const Batch& batch, std::span<Rejection> rejected, std::uint64_t attempts);

  /// Requires: mutex() is held.
  void send(Batch letters) { target_.offer(std::move(letters)); }

  /// Letters press back, as what the sources bring does, and no source is paused by them: who sends
  /// them has to wait. Requires: mutex() is held.
  bool target_is_full() const { return target_.is_full(); }

 private:
  /// "" where it is too long.
  std::string letter(const Event& event, const Origin& origin, Reason reason,
                     std::uint64_t attempts) const;

  const std::string sink_;
  OwnEvents events_;
  const Target target_;
  std::mutex& mutex_;
  const std::size_t letter_bytes_max_;
};

}  // namespace weir
