#include "router/bench/collect/file_collector.hpp"

#include <dirent.h>
#include <glob.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <filesystem>
#include <utility>

#include "config/error.hpp"
#include "router/bench/collect/lane_reader.hpp"

namespace weir::bench {
namespace {

// Where no event comes: a directory that is not there yet, a network file system.
constexpr std::chrono::milliseconds kLookEvery{50};

// A look takes some 50 us; only who rotates as fast as that needs a second.
constexpr int kTriesMax = 20;

/// Sorted. `directory`: with its last slash, or "".
std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(
      ::opendir(directory.empty() ? "." : directory.c_str()), &::closedir);
  if (open == nullptr) return names;
  while (const dirent* entry = ::readdir(open.get())) {
    names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

bool is_pattern(const std::string& path) { return path.find_first_of("*?[") != std::string::npos; }

std::vector<std::string> files_now(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return paths;
}

FileCollector::FileCollector(boost::asio::io_context& io, std::string pattern, Lanes& lanes,
                             FileStart from, std::shared_ptr<FileIdentities> taken)
    : io_(io),
      pattern_(std::move(pattern)),
      directory_(split_path(pattern_).directory),
      is_pattern_(is_pattern(pattern_)),
      lanes_(lanes),
      from_(from),
      room_(std::make_unique_for_overwrite<char[]>(kReadBytes)),
      watch_(io, [this] { on_change(); }),
      timer_(io),
      taken_(std::move(taken)) {
  std::error_code ignored;
  if (pattern_.ends_with('/') || std::filesystem::is_directory(pattern_, ignored)) {
    throw ConfigError(Location{.origin = weir::quoted(pattern_)}, "this is a directory",
                      "its files: " + pattern_ + (pattern_.ends_with('/') ? "*" : "/*"));
  }
}

void FileCollector::start() {
  const std::vector<std::string> directories =
      is_pattern_ && !directory_.empty() ? files_now(directory_) : std::vector{directory_};
  for (const std::string& directory : directories) {
    for (const std::string& name : names_in(directory)) {
      const std::optional<FileFacts> facts = facts_of(directory + name);
      if (facts) at_start_.insert(facts->identity);
    }
  }
  if (!is_pattern_) follow(pattern_);
  look_for_files();
  if (from_ == FileStart::End) {
    for (const auto& [path, file] : files_) file->skip_to_end();
  }
  watch_.wait();
  wait_time();
  read_busy();
}

FollowedFile* FileCollector::follow(const std::string& path) {
  auto file = std::make_unique<FollowedFile>(path, lanes_.lane(path), *taken_, at_start_);
  return files_.emplace(path, std::move(file)).first->second.get();
}

void FileCollector::on_change() {
  if (finished_) return;
  const DirectoryWatch::Changes changes = watch_.take();
  for (const std::string& path : changes.paths) {
    const auto file = files_.find(path);
    if (file != files_.end()) busy_.insert(file->second.get());
  }
  names_changed_ = names_changed_ || changes.names;
  if (names_changed_) look_for_files();
  read_busy();
  watch_.wait();
}

void FileCollector::on_time() {
  look_for_files();
  for (const auto& [path, file] : files_) busy_.insert(file.get());
  read_busy();
  wait_time();
}

void FileCollector::wait_time() {
  timer_.expires_after(kLookEvery);
  timer_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
    if (!error && !alive.expired() && !finished_) on_time();
  });
}

/// New files at the paths that are followed first, so that what was renamed is known before the
/// pattern finds it.
void FileCollector::look_for_files() {
  watch_directories();
  std::vector<FollowedFile*> all;
  all.reserve(files_.size());
  for (const auto& [path, file] : files_) all.push_back(file.get());
  names_changed_ = !take_in_new(std::move(all));
  if (!is_pattern_) return;
  const std::vector<FollowedFile*> found = follow_matches();
  if (found.empty()) return;
  watch_directories();
  if (!take_in_new(found)) names_changed_ = true;
}

void FileCollector::watch_directories() {
  std::set<std::string> directories;
  for (const auto& [path, file] : files_) directories.insert(split_path(path).directory);
  if (!is_pattern(directory_)) directories.insert(directory_);
  for (const std::string& directory : directories) watch_.add(directory);
}

/// False where files were rotated faster than they can be looked for: to be tried again.
bool FileCollector::take_in_new(std::vector<FollowedFile*> files) {
  bool any = names_changed_;
  for (int tries = 0; tries < kTriesMax && !files.empty(); ++tries) {
    for (FollowedFile* file : files) {
      if (!file->open_new()) continue;
      busy_.insert(file);
      any = true;
    }
    if (!any) return true;
    // Read after all were opened, once for each directory.
    std::map<std::string, std::vector<std::string>> listings;
    std::erase_if(files, [&](FollowedFile* file) {
      const std::string directory = split_path(file->path()).directory;
      const auto [listing, is_new] = listings.try_emplace(directory);
      if (is_new) listing->second = names_in(directory);
      return file->settle(listing->second);
    });
  }
  return files.empty();
}

std::vector<FollowedFile*> FileCollector::follow_matches() {
  std::vector<FollowedFile*> found;
  for (const std::string& path : files_now(pattern_)) {
    if (files_.contains(path)) continue;
    const std::optional<FileFacts> facts = facts_of(path);
    if (!facts || taken_->contains(facts->identity)) continue;
    if (!finished_ && may_belong_to_another(path, facts->identity)) {
      names_changed_ = true;  // The next look will tell.
    } else {
      found.push_back(follow(path));
    }
  }
  return found;
}

/// Whether it may be what a followed path named between two looks.
bool FileCollector::may_belong_to_another(const std::string& path,
                                          const FileIdentity& identity) const {
  for (std::size_t bytes = path.size() - 1; bytes > 0 && path[bytes] != '/'; --bytes) {
    const auto file = files_.find(path.substr(0, bytes));
    if (file != files_.end() && file->second->may_claim(path, identity)) return true;
  }
  return false;
}

/// Each has a turn; who has more to read has another after what else waits in the io_context.
void FileCollector::read_busy() {
  const std::span<char> room(room_.get(), kReadBytes);
  std::erase_if(busy_, [&](FollowedFile* file) { return !file->read(room, kTurnBytes); });
  if (busy_.empty() || turn_is_asked_for_) return;
  turn_is_asked_for_ = true;
  boost::asio::post(io_, [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired() || finished_) return;
    turn_is_asked_for_ = false;
    read_busy();
  });
}

void FileCollector::finish() {
  if (std::exchange(finished_, true)) return;
  timer_.cancel();
  names_changed_ = true;
  look_for_files();
  for (const auto& [path, file] : files_) {
    // So much and no more: who writes on and on is not waited for.
    const std::uint64_t unread = file->unread_bytes();
    if (unread > 0) file->read({room_.get(), kReadBytes}, unread);
    file->lane().end();
  }
}

}  // namespace weir::bench
