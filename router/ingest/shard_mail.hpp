#pragma once

// ShardMail: what other threads have for a shard: answers of sinks, of the disk. The shard is woken
// once for many. Who puts something in may outlive the shard's part, and then nobody is woken.
//
// Threads: put() on any; the others on the shard's, or once that has ended. Held by shared_ptr: a
// wake that is on its way keeps it.

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace weir {

template <class Item>
class ShardMail : public std::enable_shared_from_this<ShardMail<Item>> {
 public:
  /// `on_mail` runs on `io`, until close(), when there is something to take().
  ShardMail(boost::asio::io_context& io, std::function<void()> on_mail)
      : io_(&io), on_mail_(std::move(on_mail)) {}

  /// Nothing is kept after close().
  void put(Item item) {
    const std::lock_guard lock(mutex_);
    if (io_ == nullptr) return;
    items_.push_back(std::move(item));
    if (std::exchange(is_posted_, true)) return;
    boost::asio::post(*io_, [mail = this->shared_from_this()] { mail->wake(); });
  }

  std::vector<Item> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(items_, {});
  }

  void close() noexcept {
    std::vector<Item> items;  // They go without the lock: they may have one of their own.
    const std::lock_guard lock(mutex_);
    io_ = nullptr;
    items.swap(items_);
  }

 private:
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      is_posted_ = false;
      if (io_ == nullptr) return;
    }
    on_mail_();  // close() is called on this thread.
  }

  std::mutex mutex_;
  std::vector<Item> items_;
  boost::asio::io_context* io_;  // Null after close().
  std::function<void()> on_mail_;
  bool is_posted_ = false;
};

}  // namespace weir
