#pragma once

// OffsetTracker: how far each partition that we read has been answered for by all sinks, without a
// gap: that far, and no farther, its offset may be committed.
//
// What is read is numbered by turns. A turn may hold records of many partitions, and its answer may
// come before that of an earlier turn.
//
// Threads: one.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace weir {

class OffsetTracker {
 public:
  /// A partition while we read it: after it was taken away and given back it is another one.
  using Slot = std::size_t;

  /// What a turn holds of one partition.
  struct Span {
    Slot slot;
    std::int64_t next;  ///< The offset behind its last record.
  };

  /// From here on the partition is read.
  Slot add(const std::string& topic, std::int32_t partition);

  /// It is read no more, but what was read of it is still waited for.
  void leave(const std::string& topic, std::int32_t partition);

  /// Forgets the partitions that were left, or all of them.
  void forget_left();
  void clear();

  /// The partition's slot; nothing where we do not read it (any more).
  std::optional<Slot> find(const std::string& topic, std::int32_t partition) const;

  /// How far a partition was read.
  class Position {
   public:
    /// A record has come. True where it is to be read; false where it was before: librdkafka may
    /// hand out again what it has just handed out, see expect_repeats(). An offset that is far
    /// behind, or behind without such a cause, is new: the topic was made again, or lost its end.
    bool take(std::int64_t offset) noexcept {
      if (offset < next_) [[unlikely]] {
        if (may_repeat_ && offset >= next_ - kRepeatsMax) return false;
      } else {
        may_repeat_ = false;
      }
      if (next_ < 0) began_ = offset;
      next_ = offset + 1;
      return true;
    }

   private:
    friend class OffsetTracker;
    /// What was handed out and not noted as such: two calls for records, with all that they return.
    static constexpr std::int64_t kRepeatsMax = 2000;

    std::int64_t next_ = -1;  // Behind the last record that was taken; -1 before the first.
    std::optional<std::int64_t> began_;  // Set by the first, until it is told as committable: where
                                         // `start` led to is remembered, though it is not answered.
    bool may_repeat_ = false;
  };

  /// Stays where it is for as long as the slot is there. Requires: a slot that find() gave.
  Position& position(Slot slot) { return slots_.at(slot).position; }

  /// Partitions were paused or moved: of each, some records may come once more.
  void expect_repeats() noexcept;

  /// A turn was read. Turns come in the order of their numbers.
  void read(std::uint64_t turn, const Span& span);

  /// All sinks have answered for the turn.
  void answered(std::uint64_t turn, const std::vector<Span>& spans);

  /// True where nothing waits for an answer: of the partitions that were left, or of any.
  bool left_clear() const noexcept;
  bool all_clear() const noexcept;

  struct Committable {
    std::string topic;
    std::int32_t partition;
    std::int64_t next;
  };
  /// What may be committed and was not told before.
  std::vector<Committable> take_committable();

 private:
  struct Waiting {
    std::uint64_t turn;
    std::int64_t next;
    bool answered;
  };
  struct Partition {
    std::string topic;
    std::int32_t partition;
    Position position;
    bool is_left = false;
    std::deque<Waiting> waiting;  // By turn.
    std::optional<std::int64_t> committable;
  };
  static std::string key(const std::string& topic, std::int32_t partition) {
    return topic + '/' + std::to_string(partition);
  }

  std::unordered_map<Slot, Partition> slots_;
  std::unordered_map<std::string, Slot> current_;  // By topic and partition.
  Slot next_slot_ = 0;
};

}  // namespace weir
