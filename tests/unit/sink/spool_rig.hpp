#pragma once

// What the tests of a Buffer with its Spool share: both in a directory, a sink's hands, and a
// receipt that remembers how it was answered.

#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "router/base/clock.hpp"
#include "router/sink/spool.hpp"
#include "tests/support/await.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"

namespace weir::test {

/// Remembers how it was answered.
class NotedReceipt final : public Receipt {
 public:
  explicit NotedReceipt(Ack ack) : Receipt(ack) {}
  std::atomic<bool> answered{false};
  std::atomic<bool> was_whole{false};
  std::atomic<std::uint64_t> refusals{0};

  void refused(Reason, std::uint64_t events) noexcept override { refusals += events; }

 private:
  void settled(bool whole) noexcept override {
    was_whole = whole;
    answered = true;
  }
};

inline constexpr std::size_t kBlockBytes = 4096;
inline constexpr std::size_t kBufferBytes = 16 * kBlockBytes;

/// A buffer with its spool in a directory, and a sink's hands.
class Rig {
 public:
  explicit Rig(const std::string& directory, WhenFull when_full = WhenFull::Spool,
               WhenSpoolFull when_spool_full = WhenSpoolFull::Block,
               std::uint64_t spool_bytes = 1 << 24, std::chrono::milliseconds retain = {},
               Io* io = nullptr)
      : buffer(kBufferBytes, when_full),
        spool("out", options(directory, when_spool_full, spool_bytes, retain, io), buffer, memory_,
              log_, [] {}) {
    const Result<void> opened = spool.open();
    REQUIRE(opened.has_value());
  }

  /// An event that fills most of a block, so that few of them fill the buffer.
  void offer(const std::string& text, Receipt* receipt = nullptr) {
    Batch batch = builder_.origin("in", 1).line(text + std::string(3000, '.')).take();
    if (receipt != nullptr) batch.attach(0, ReceiptRef(receipt));
    buffer.offer(std::move(batch));
    buffer.wake();
  }
  void offer_numbers(int first, int count) {
    for (int i = first; i < first + count; ++i) offer(std::to_string(i));
  }

  /// Takes, reading back where needed, and delivers, until at least so many are, or all. Returns
  /// what the events began with.
  std::vector<std::string> deliver(std::size_t events_min = 100'000) {
    std::vector<std::string> delivered;
    const SteadyTime deadline = steady_now() + std::chrono::seconds(20);
    while (delivered.size() < events_min && steady_now() < deadline) {
      auto next = buffer.take(4);
      if (!next) {
        if (spool.read_back() == Spool::Reading::Read) continue;
        const SinkBalance now = balance();
        if (now.in_memory + now.in_spool == 0) break;
        continue;  // The writer has it.
      }
      for (const Event& event : next->batch.events()) {
        delivered.emplace_back(event.bytes().substr(0, event.bytes().find('.')));
      }
      buffer.settle(std::move(next->batch), next->ticket, {.delivered = true}, wall_clock_ns());
    }
    return delivered;
  }

  /// The next one, into the test's hands.
  Ticketed take(std::size_t in_hand_max = 4) {
    std::optional<Ticketed> next = buffer.take(in_hand_max);
    if (!next) throw std::runtime_error("nothing waits");
    return std::move(*next);
  }

  SinkBalance balance() const {
    SinkBalance balance;
    buffer.fill(balance, wall_clock_ns());
    return balance;
  }

  void await_written() {
    REQUIRE(await([this] { return !buffer.has_jobs() && spool.trouble().empty(); }));
  }

  void end() {
    spool.finish();
    buffer.abandon();
  }

 private:
  static SpoolOptions options(const std::string& directory, WhenSpoolFull when_full,
                              std::uint64_t bytes, std::chrono::milliseconds retain, Io* io) {
    SpoolOptions options;
    options.log = {
        .directory = directory, .bytes_max = bytes, .segment_bytes = 64 * 1024, .retain = retain};
    options.when_full = when_full;
    options.io = io;
    return options;
  }

  BatchBuilder builder_{0, kBlockBytes};
  MemoryBudget memory_{1 << 28};
  Log log_{{.level = LogLevel::Error}};

 public:
  Buffer buffer;
  Spool spool;
};

inline std::vector<std::string> numbers(int first, int count) {
  std::vector<std::string> texts;
  for (int i = first; i < first + count; ++i) texts.push_back(std::to_string(i));
  return texts;
}

}  // namespace weir::test
