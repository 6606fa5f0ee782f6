#pragma once

// Tidier: looks after rotated files on a thread of its own, so that writing never waits for it:
// compresses them, removes all but the newest `keep`, and clears away what an earlier process left
// half compressed. A log file's rotated files are all looked at each time it rotates, so a request
// that is dropped because kRequestsMax are waiting is made good by the next one.
//
// Another sink may have opened a file before it was rotated, and write to it until it notices. A
// file that is locked (torn_line.hpp) is left alone, and looked at again after a second.
//
// The thread starts with the first request. All functions are called by the sink's thread.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "plugins/file/options.hpp"
#include "router/base/clock.hpp"
#include "router/base/io.hpp"

namespace weir::file {

class Tidier {
 public:
  static constexpr std::size_t kRequestsMax = 64;

  Tidier(std::shared_ptr<Io> io, const Options& options) : io_(std::move(io)), options_(options) {}
  Tidier(const Tidier&) = delete;
  Tidier& operator=(const Tidier&) = delete;

  /// Waits until all requests are done, at most until `deadline`. No request follows. What another
  /// sink has open is not waited for.
  void finish(SteadyTime deadline);

  /// Gives up on what is not done; the next process finds it where the log's path is a fixed one.
  ~Tidier();

  /// The log file `name` in `directory` has rotated.
  void request(Fd directory, std::string name);

  /// What went wrong since the last call, as a sentence; "" if nothing did.
  std::string take_trouble();

 private:
  struct Request {
    Fd directory;
    std::string name;
  };

  struct Left {
    Request request;
    SteadyTime again;
  };

  void run();
  Request take_next(std::unique_lock<std::mutex>& lock);
  void look_again_later(Request request);
  bool tidy(const Request& request);
  bool remove(int directory, const std::string& entry);
  bool compress_one(int directory, const std::string& name);
  Result<void> replace(int directory, const std::string& name, const Fd& original);
  void report(std::string trouble);

  std::shared_ptr<Io> io_;
  const Options& options_;
  std::thread thread_;
  std::deque<Left> left_;  // The thread's own: what was locked, the one to look at first in front.
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Request> requests_;  // Guarded by mutex_.
  bool busy_ = false;             // Guarded by mutex_.
  std::string trouble_;           // Guarded by mutex_.
};

}  // namespace weir::file
