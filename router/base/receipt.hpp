#pragma once

// Receipt: what a source waits for that has to say when events have arrived: one for what it took
// in one turn. Every Batch with an event of that turn holds a reference, in its Origins, until its
// sink has answered for it, or, for Ack::Durable, until the sink's spool has it on disk. With the
// last reference the source is told.
//
// Rejected and dropped by policy is answered for, too, and told by refused(): it was counted as
// lost, and to ask for it again would not help. Not so what is given up because the router ends:
// then somebody else has to have it.
//
// Threads: references are copied and dropped on any.

#include <atomic>
#include <cstdint>
#include <utility>

#include "router/base/reason.hpp"

namespace weir {

/// What an acknowledgement means.
enum class Ack : std::uint8_t {
  Received,   ///< In memory. Needs no Receipt.
  Durable,    ///< On disk in the spool of every sink that it goes to, or confirmed by that sink.
  Delivered,  ///< Confirmed by every sink that it goes to.
};

class Receipt {
 public:
  Receipt(const Receipt&) = delete;
  Receipt& operator=(const Receipt&) = delete;

  /// Something that it stands for is given up undelivered.
  void forsake() noexcept { whole_.store(false, std::memory_order_relaxed); }

  /// `events` of what it stands for (an event counts once for each sink) will not be delivered:
  /// rejected, or dropped by policy, and counted under `reason`. On any thread, before settled().
  virtual void refused(Reason, std::uint64_t /*events*/) noexcept {}

  /// What it waits for: Durable or Delivered.
  Ack ack() const noexcept { return ack_; }

 protected:
  explicit Receipt(Ack ack = Ack::Delivered) noexcept : ack_(ack) {}
  virtual ~Receipt() = default;

  /// The last reference is gone; called once, on the thread where that was. It may destroy itself.
  /// `whole`: forsake() was never called.
  virtual void settled(bool whole) noexcept = 0;

 private:
  friend class ReceiptRef;
  std::atomic<std::uint32_t> references_{0};
  std::atomic<bool> whole_{true};
  const Ack ack_;
};

class ReceiptRef {
 public:
  ReceiptRef() noexcept = default;
  explicit ReceiptRef(Receipt* receipt) noexcept : receipt_(receipt) { take(); }
  ReceiptRef(const ReceiptRef& other) noexcept : receipt_(other.receipt_) { take(); }
  ReceiptRef(ReceiptRef&& other) noexcept : receipt_(std::exchange(other.receipt_, nullptr)) {}
  ReceiptRef& operator=(ReceiptRef other) noexcept {
    std::swap(receipt_, other.receipt_);
    return *this;
  }
  ~ReceiptRef() { drop(); }

  Receipt* operator->() const noexcept { return receipt_; }
  explicit operator bool() const noexcept { return receipt_ != nullptr; }

 private:
  void take() const noexcept {
    if (receipt_ != nullptr) receipt_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  void drop() noexcept {
    if (receipt_ == nullptr) return;
    if (receipt_->references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    receipt_->settled(receipt_->whole_.load(std::memory_order_relaxed));
  }

  Receipt* receipt_ = nullptr;
};

}  // namespace weir
