#pragma once

// FileCollector: follows the file at a path, or all that match a pattern (*, ?, [..]; \ before a
// byte takes that as it is), each with a lane of its name. They and their directories may come
// later, be rotated, truncated and deleted (followed_file.hpp says what that means).
//
// A file that the pattern finds under a second name is not read twice. A copy is another file: with
// a writer that is rotated by copytruncate the pattern must not match the copies.
//
// Threads: the io_context's one.

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "router/bench/collect/collector.hpp"
#include "router/bench/collect/directory_watch.hpp"
#include "router/bench/collect/followed_file.hpp"

namespace weir::bench {

/// Whether `path` has a `*`, `?` or `[`.
bool is_pattern(const std::string& path);

/// What `pattern` matches at the moment; a path alone matches itself.
std::vector<std::string> files_now(const std::string& pattern);

/// Where a file that is there at start() is read from.
enum class FileStart { Beginning, End };

class FileCollector final : public Collector {
 public:
  /// `taken`: the files that any collector of a run reads or has read. Throws ConfigError where
  /// `pattern` is a directory or ends in a slash.
  FileCollector(boost::asio::io_context& io, std::string pattern, Lanes& lanes,
                FileStart from = FileStart::Beginning,
                std::shared_ptr<FileIdentities> taken = std::make_shared<FileIdentities>());

  std::string address() const override { return pattern_; }
  void start() override;
  void finish() override;

 private:
  using Files = std::map<std::string, std::unique_ptr<FollowedFile>>;  // By their paths.

  void on_change();
  void on_time();
  void wait_time();
  void look_for_files();
  void watch_directories();
  bool take_in_new(std::vector<FollowedFile*> files);
  std::vector<FollowedFile*> follow_matches();
  FollowedFile* follow(const std::string& path);
  bool may_belong_to_another(const std::string& path, const FileIdentity& identity) const;
  void read_busy();

  boost::asio::io_context& io_;
  std::string pattern_;
  std::string directory_;  // Of the pattern; may be a pattern itself.
  bool is_pattern_;
  Lanes& lanes_;
  FileStart from_;
  std::unique_ptr<char[]> room_;
  DirectoryWatch watch_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<FileIdentities> taken_;
  FileIdentities at_start_;
  Files files_;
  std::set<FollowedFile*> busy_;  // There may be something to read.
  bool turn_is_asked_for_ = false;
  bool names_changed_ = true;
  bool finished_ = false;
  std::shared_ptr<int> alive_ =
      std::make_shared<int>();  // What waits in the io_context looks at it.
};

}  // namespace weir::bench
