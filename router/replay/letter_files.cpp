#include "router/replay/letter_files.hpp"

#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>

#include "config/error.hpp"
#include "plugins/file/rotated_name.hpp"
#include "router/topology/service.hpp"

namespace weir {
namespace {

namespace fs = std::filesystem;

/// Looked at below the directory of one sink.
constexpr std::size_t kEntriesMax = 1'000'000;

/// What a file is to the one that is written to: an older part of it, or itself.
struct Part {
  std::string base;
  int age;  // Larger is newer.
};

Part part_of(const std::string& path) {
  const std::size_t mark = path.rfind(file::kRotationMark);
  if (mark == std::string::npos) return {path, 2};
  const std::string base = path.substr(0, mark);
  if (std::string_view(path).substr(mark) == kPurgingSuffix) {
    const Part purged = part_of(base);
    return {purged.base, std::min(purged.age, 1)};
  }
  const auto rotated = file::RotatedName::parse(path, base);
  if (rotated && !rotated->partial) return {base, 0};
  return {path, 2};
}

std::uint64_t size_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

LetterPath letter_path(const std::string& path) {
  std::string home = path;
  if (path.ends_with(kPurgingSuffix)) home.resize(home.size() - kPurgingSuffix.size());
  return {.path = path, .home = home, .bytes = size_of(path)};
}

void find_files(const Settings& sink, std::set<std::string>& found) {
  const std::string pattern = glob_of(sink.path());
  const std::string_view text = sink.path();
  const std::size_t special = text.find_first_of("{%");
  const std::string directory(text.substr(0, text.substr(0, special).rfind('/')));
  std::error_code error;
  std::size_t entries = 0;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(directory.empty() ? "/" : directory, options, error),
       end;
       !error && at != end; at.increment(error)) {
    if (++entries > kEntriesMax) {
      throw sink.error("", "there are too many files below its directory", "name the files");
    }
    std::error_code ignored;
    if (at->is_symlink(ignored) || !at->is_regular_file(ignored)) continue;
    const std::string path = at->path().string();
    if (::fnmatch(pattern.c_str(), part_of(path).base.c_str(), FNM_PATHNAME) == 0) {
      found.insert(path);
    }
  }
}

}  // namespace

std::string glob_of(std::string_view path_template) {
  std::string pattern;
  for (std::size_t i = 0; i < path_template.size(); ++i) {
    const char c = path_template[i];
    const char next = i + 1 < path_template.size() ? path_template[i + 1] : '\0';
    if ((c == '{' || c == '}' || c == '%') && next == c) {
      pattern += c;
      ++i;
    } else if (c == '{') {
      const std::size_t end = path_template.find('}', i);
      i = end == std::string_view::npos ? path_template.size() : end;
      pattern += '*';
    } else if (c == '%') {
      pattern += '*';
      ++i;
    } else {
      if (c == '*' || c == '?' || c == '[' || c == '\\') pattern += '\\';
      pattern += c;
    }
  }
  return pattern;
}

std::vector<LetterPath> configured_letter_files(const Config& config) {
  std::set<std::string> found;
  bool has_files = false;
  for (const Settings& target : config.sinks) {
    const bool is_named = std::any_of(
        config.sinks.begin(), config.sinks.end(),
        [&](const Settings& sink) { return sink.string("dead_letter") == target.name(); });
    if (!is_named || target.scheme() != "file") continue;
    has_files = true;
    find_files(target, found);
  }
  if (!has_files) {
    throw ConfigError({}, "no sink of the configuration sends its dead letters to a file:// sink",
                      "name the files");
  }
  std::vector<std::pair<Part, LetterPath>> sorted;
  for (const std::string& path : found) sorted.emplace_back(part_of(path), letter_path(path));
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first.base, a.first.age, a.second.path) <
           std::tie(b.first.base, b.first.age, b.second.path);
  });
  std::vector<LetterPath> files;
  for (auto& [part, path] : sorted) files.push_back(std::move(path));
  return files;
}

std::vector<LetterPath> named_letter_files(const std::vector<std::string>& paths) {
  std::vector<LetterPath> files;
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    constexpr const char* kHint =
        "name the files in it, or a configuration with -c FILE, whose sinks say where they are";
    if (fs::is_directory(status)) {
      throw ConfigError({}, weir::quoted(path) + " is a directory", kHint);
    }
    if (status.type() == fs::file_type::not_found) {
      throw ConfigError({}, "there is no file " + weir::quoted(path));
    }
    if (!fs::exists(status)) {
      throw CommandError("cannot look at " + weir::quoted(path) + ": " + error.message(),
                         kExitFailure);
    }
    if (!fs::is_regular_file(status)) {
      throw ConfigError({}, weir::quoted(path) + " is no regular file");
    }
    files.push_back(letter_path(path));
  }
  return files;
}

}  // namespace weir
