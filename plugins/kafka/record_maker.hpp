#pragma once

// RecordMaker: makes a Batch's events into records. An event is a record as it came, without a
// copy; what `encoding=json` has to wrap is copied. With `pack` several become one record, a
// newline between them: without a copy where they lie side by side in their Block.
//
// Threads: the sink's.

#include <cstddef>
#include <memory>
#include <vector>

#include "plugins/kafka/record.hpp"
#include "plugins/kafka/topics.hpp"
#include "router/sink/encoder.hpp"

namespace weir::kafka {

struct RecordLimits {
  std::size_t record_bytes_max;
  std::size_t events_per_record_max;  ///< `pack`; 1: none.
};

class RecordMaker {
 public:
  RecordMaker(const Settings& settings, RecordLimits limits);

  std::unique_ptr<RecordBatch> make(Delivery delivery, Topics& topics);

 private:
  void add_each(const Batch& batch, Topics& topics);
  void add_packed(const Batch& batch);
  std::string_view payload_of(const Batch& batch, std::size_t index);

  RecordLimits limits_;
  bool wraps_;  // encoding=json
  Encoder encoder_;
  std::vector<Record> records_;
  std::vector<std::unique_ptr<char[]>> copies_;
};

}  // namespace weir::kafka
