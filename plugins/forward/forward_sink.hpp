#pragma once

// ForwardSink: events as chunks of the Forward protocol. A Delivery is delivered once all its
// chunks are acknowledged, and goes back for another try, with all others, when the connection
// fails or an acknowledgement is late. README.md here says what that promises.
//
// A chunk's name is this sink's own (128 random bits), the number of its Delivery, and its place
// in that. A Batch that comes again is known by its BatchMark and keeps its number, so that its
// receiver can tell that it has it; and what was acknowledged of it is not sent again.
//
// Only the chunk that is being sent is in memory.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/forward/chunk_maker.hpp"
#include "plugins/forward/forward_link.hpp"
#include "router/base/io.hpp"
#include "router/sink/batch_mark.hpp"
#include "router/sink/sink.hpp"

namespace weir::forward {

struct ForwardSinkOptions {
  std::chrono::milliseconds connect_timeout;
  std::chrono::milliseconds ack_timeout;
  std::size_t max_in_flight;  ///< Deliveries.
};

class ForwardSink final : public Sink {
 public:
  ForwardSink(ForwardSinkOptions options, FindAddresses find_addresses, Credentials credentials,
              std::optional<socket::TlsDestination> tls, ChunkMaker chunks,
              std::unique_ptr<Io> io = std::make_unique<Io>());

  SinkTraits traits() const noexcept override;
  Result<void> open() override;
  void write(Delivery delivery) override;
  void poll(std::chrono::milliseconds budget) override;
  void close(SteadyTime deadline) noexcept override;

 private:
  struct Pending {
    Delivery delivery;
    std::uint64_t number;
    std::vector<ChunkPlan> plans;
    std::vector<bool> acknowledged;  // By chunk.
    std::size_t left;                // Chunks that are not.
    SteadyTime sent_at;              // The last of what was sent.
  };
  /// What came back, and will come again.
  struct Known {
    BatchMark mark;
    std::uint64_t number;
    std::vector<bool> acknowledged;
  };

  bool all_sent() const noexcept { return sending_ == pending_.size(); }
  std::string name_of(std::uint64_t number, std::size_t chunk) const;
  bool parse_name(std::string_view name, std::uint64_t& number, std::size_t& chunk) const noexcept;
  void recall(const Batch& batch, Pending& pending);
  void progress();
  ErrorCode send();
  ErrorCode confirm();
  void acknowledge(std::string_view name);
  void fail(ErrorCode cause);
  void advance_until(SteadyTime deadline, const std::function<bool()>& is_done);

  const ForwardSinkOptions options_;
  const std::unique_ptr<Io> io_;
  const std::string producer_;
  ForwardLink link_;
  ChunkMaker chunks_;

  std::deque<Pending> pending_;  // At most max_in_flight, ascending by number.
  std::size_t sending_ = 0;      // Index into pending_: what is before it was sent.
  std::size_t next_chunk_ = 0;   // Of pending_[sending_].
  std::string message_;
  std::string_view unsent_;  // Views message_.
  std::deque<Known> known_;  // At most max_in_flight.
  std::uint64_t last_number_ = 0;
  std::vector<std::string> answers_;
};

}  // namespace weir::forward
