#include "router/bench/collect/followed_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include "router/base/clock.hpp"

namespace weir::bench {
namespace {

/// Whether `name` may be what became of a log file called `of`.
bool is_sibling(std::string_view name, std::string_view of) {
  constexpr std::string_view kSeparators = ".-_@";
  constexpr std::array<std::string_view, 5> kCompressed = {".gz", ".zst", ".xz", ".bz2", ".lz4"};
  if (name.size() <= of.size() || !name.starts_with(of)) return false;
  const std::string_view rest = name.substr(of.size());
  if (kSeparators.find(rest[0]) == std::string_view::npos) return false;
  return std::none_of(kCompressed.begin(), kCompressed.end(), [&](std::string_view suffix) {
    return rest.find(suffix) != std::string_view::npos;
  });
}

/// Calls `visit` with the path and the facts of each of `names` that may be a rotated `of`.
template <class Visit>
void for_each_sibling(const std::vector<std::string>& names, const SplitPath& of, Visit visit) {
  auto name = std::lower_bound(names.begin(), names.end(), of.name);
  for (; name != names.end() && name->starts_with(of.name); ++name) {
    if (!is_sibling(*name, of.name)) continue;
    const std::string path = of.directory + *name;
    if (const std::optional<FileFacts> facts = facts_of(path)) visit(path, *facts);
  }
}

/// The 2 of ".2"; 0 where it is no number, or a date.
int number_in(std::string_view suffix) {
  constexpr std::size_t kDigitsMax = 4;
  int number = 0;
  const char* end = suffix.data() + suffix.size();
  const auto [stop, error] = std::from_chars(suffix.data() + 1, end, number);
  return stop == end && suffix.size() <= 1 + kDigitsMax && error == std::errc() ? number : 0;
}

/// Ordered by age. Files are born and written in the order of rotation, but the kernel's clock for
/// them may stand still for 4 ms; then it is up to the names: .2 is older than .1, and where they
/// hold a time it grows.
struct Rotated {
  std::int64_t born_ns;
  std::int64_t written_ns;
  int number_downwards;
  std::string path;

  friend auto operator<=>(const Rotated&, const Rotated&) = default;
};

}  // namespace

SplitPath split_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
  return {.directory = std::string(path.substr(0, begin)), .name = std::string(path.substr(begin))};
}

FollowedFile::FollowedFile(std::string path, Lane& lane, FileIdentities& taken,
                           const FileIdentities& at_start)
    : path_(std::move(path)),
      parts_(split_path(path_)),
      lane_(lane),
      taken_(taken),
      at_start_(at_start) {}

std::optional<FollowedFile::OpenFile> FollowedFile::open(const std::string& path) {
  // Without blocking: by now it may be a pipe.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return std::nullopt;
  const std::optional<FileFacts> facts = facts_of(fd.get());
  if (!facts) return std::nullopt;
  return OpenFile{.fd = std::move(fd), .identity = facts->identity};
}

bool FollowedFile::open_new() {
  const std::optional<FileFacts> facts = facts_of(path_);
  if (!facts || facts->identity == newest_) return false;
  if (!taken_.contains(facts->identity)) {
    arrival_ = open(path_);
    // It may have been another by then; if that is taken, it was renamed from here or to here.
    if (!arrival_) return false;
    before_ = std::exchange(newest_, arrival_->identity);
    if (taken_.insert(arrival_->identity).second) return true;
    arrival_.reset();
  } else {
    newest_ = facts->identity;
  }
  return false;
}

bool FollowedFile::settle(const std::vector<std::string>& names) {
  const std::optional<FileFacts> now = facts_of(path_);
  const bool is_same = now && now->identity == newest_;
  if (arrival_ && !is_same) {
    taken_.erase(arrival_->identity);
    newest_ = before_;
    arrival_.reset();
    return false;
  }
  if (arrival_) {
    queue_unseen(names);
    files_.push_back(std::move(*arrival_));
    arrival_.reset();
  } else if (is_same) {
    remember_siblings(names);
  } else if (!now && newest_) {
    queue_unseen(names);  // It is gone; there may have been another before that went.
  }
  return true;
}

/// The oldest first.
void FollowedFile::queue_unseen(const std::vector<std::string>& names) {
  std::vector<Rotated> found;
  for_each_sibling(names, parts_, [&](const std::string& path, const FileFacts& facts) {
    if (!is_unseen(facts.identity)) return;
    const std::string_view suffix = std::string_view(path).substr(path_.size());
    found.push_back({facts.identity.born_ns, facts.written_ns, -number_in(suffix), path});
  });
  std::sort(found.begin(), found.end());
  for (const Rotated& rotated : found) {
    std::optional<OpenFile> file = open(rotated.path);  // By now it may be another.
    if (!file || !is_unseen(file->identity)) continue;
    taken_.insert(file->identity);
    files_.push_back(std::move(*file));
  }
}

bool FollowedFile::may_claim(const std::string& other, const FileIdentity& identity) const {
  const SplitPath parts = split_path(other);
  return parts.directory == parts_.directory && is_sibling(parts.name, parts_.name) &&
         is_unseen(identity);
}

bool FollowedFile::is_unseen(const FileIdentity& identity) const {
  return !taken_.contains(identity) && !at_start_.contains(identity) &&
         !siblings_.contains(identity);
}

/// They did not come from the path: it still names what it did before they were looked at.
void FollowedFile::remember_siblings(const std::vector<std::string>& names) {
  siblings_.clear();
  for_each_sibling(names, parts_, [&](const std::string&, const FileFacts& facts) {
    siblings_.insert(facts.identity);
  });
}

bool FollowedFile::later_holds_bytes() const noexcept {
  return std::any_of(files_.begin() + 1, files_.end(), [](const OpenFile& file) {
    const std::optional<FileFacts> facts = facts_of(file.fd.get());
    return facts && facts->bytes > 0;
  });
}

bool FollowedFile::read(std::span<char> room, std::uint64_t bytes_max) {
  while (!files_.empty()) {
    // Asked before reading: what is read then is all that was written before the writer went on.
    const bool is_left = later_holds_bytes();
    if (!read_front(room, bytes_max)) return true;
    if (!is_left) return false;
    files_.pop_front();
  }
  return false;
}

/// True once its end was reached; false where `bytes_left` is used up.
bool FollowedFile::read_front(std::span<char> room, std::uint64_t& bytes_left) {
  OpenFile& file = files_.front();
  while (bytes_left > 0) {
    const ssize_t got =
        ::pread(file.fd.get(), room.data(), room.size(), static_cast<off_t>(file.offset));
    if (got < 0 && errno == EINTR) continue;
    if (got > 0) {
      const auto bytes = static_cast<std::size_t>(got);
      lane_.bytes({room.data(), bytes}, wall_clock_ns());
      file.offset += bytes;
      bytes_left -= std::min<std::uint64_t>(bytes, bytes_left);
      continue;
    }
    const std::optional<FileFacts> facts = facts_of(file.fd.get());
    if (!facts || facts->bytes >= file.offset) return true;
    file.offset = 0;
  }
  return false;
}

std::uint64_t FollowedFile::unread_bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const OpenFile& file : files_) {
    const std::optional<FileFacts> facts = facts_of(file.fd.get());
    if (!facts) continue;
    sum += facts->bytes >= file.offset ? facts->bytes - file.offset : facts->bytes;
  }
  return sum;
}

void FollowedFile::skip_to_end() noexcept {
  for (OpenFile& file : files_) {
    if (const std::optional<FileFacts> facts = facts_of(file.fd.get())) file.offset = facts->bytes;
  }
}

}  // namespace weir::bench
