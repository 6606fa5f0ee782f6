#pragma once

// PartitionLanes: which partition of a topic the next records without a key go to.
//
// A partition is given as much as one request holds, and then nothing until all of that is
// answered. Meanwhile others take their turn, and what comes when all are busy waits with us and
// goes together (as John Nagle has it for TCP, RFC 896). So a quiet stream is sent at once, a busy
// one in full requests, and there is no time that has to be chosen for either. librdkafka 2.0 has
// one request under way per partition anyway where it is idempotent, and burns a core while more is
// ready for one that is busy.
//
// The first record to a partition goes alone. A broker that knows nothing of a producer takes any
// request as its first: also the second of two, where it refuses the first for its size; and what
// was refused would come behind what came later.
//
// Threads: the sink's.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace weir::kafka {

class PartitionLanes {
 public:
  static constexpr std::uint16_t kAny = 65535;

  /// How many are busy at most: with more, streams of middling rate would go in tiny requests. It
  /// is also librdkafka's bound for requests under way to one broker, where it is idempotent.
  static constexpr std::size_t kBusyMax = 5;

  /// Where the number of partitions is not known yet there is one lane, whose partition librdkafka
  /// chooses.
  bool knows_partitions() const noexcept { return partitions_ != 0; }
  void set_partitions(std::size_t count);

  /// A lane to be filled: the one that is open, or one that is idle; nothing where all that there
  /// may be are busy. With `wanted` that partition's, for what was sent to it before: what came
  /// later may be there already, elsewhere.
  std::optional<std::uint16_t> open(std::size_t bytes_max, std::uint16_t wanted);

  /// Bytes that the open lane still takes.
  std::size_t room() const noexcept { return room_; }

  void sent(std::size_t records, std::size_t bytes);
  /// `stored_in`: the partition, kAny where the record was not taken.
  void answered(std::uint16_t lane, std::uint16_t stored_in);

  /// What is handed over later is not to wait behind what is under way: it gets another lane.
  void close() noexcept { room_ = 0; }

 private:
  struct Lane {
    std::uint32_t unanswered = 0;
    bool is_begun = false;  // The broker has taken something of this producer.
  };

  Lane& lane(std::size_t partition);
  std::uint16_t fill(std::size_t lane, std::size_t bytes_max) noexcept;

  std::vector<Lane> lanes_{1};
  std::size_t busy_ = 0;
  std::uint16_t open_ = 0;
  std::size_t room_ = 0;
  std::size_t partitions_ = 0;  // 0: not known yet.
};

}  // namespace weir::kafka
