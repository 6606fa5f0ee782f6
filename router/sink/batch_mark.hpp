#pragma once

// BatchMark: how a sink knows again a Batch that it gave back with retry(), so that it can go on
// where it stopped instead of writing events twice. One that is taken for another would lose
// events; so marks compare where the Events lie, how many they are and, to the nanosecond, when
// they came.
//
// A value; it keeps nothing of the Batch alive.

#include <cstddef>
#include <cstdint>

#include "router/base/batch.hpp"

namespace weir {

class BatchMark {
 public:
  BatchMark() noexcept = default;  ///< Of no Batch.
  explicit BatchMark(const Batch& batch) noexcept
      : events_(batch.events().data()),
        bytes_(batch.empty() ? nullptr : batch.events().front().data),
        size_(batch.size()),
        byte_count_(batch.byte_count()),
        oldest_received_ns_(batch.oldest_received_ns()) {}

  friend bool operator==(const BatchMark&, const BatchMark&) = default;

 private:
  const Event* events_ = nullptr;
  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::size_t byte_count_ = 0;
  std::int64_t oldest_received_ns_ = 0;
};

}  // namespace weir
