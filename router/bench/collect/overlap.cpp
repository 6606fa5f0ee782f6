#include "router/bench/collect/overlap.hpp"

#include <fnmatch.h>

#include <filesystem>
#include <map>
#include <optional>

#include "config/error.hpp"
#include "router/bench/collect/file_collector.hpp"
#include "router/bench/collect/file_identity.hpp"

namespace weir::bench {
namespace {

[[noreturn]] void refuse(const std::string& one, const std::string& other,
                         const std::string& what) {
  throw ConfigError({}, "--collect " + one + " and --collect " + other + " both collect " + what,
                    "each event would be taken for duplicated: name it once");
}

/// Nothing where `url` is no file.
std::optional<std::string> path_of(const std::string& url) {
  constexpr std::string_view kFile = "file://";
  if (url.starts_with(kFile)) return url.substr(kFile.size());
  if (url.find("://") != std::string::npos || url == "stdin" || url == "-") return std::nullopt;
  return url;
}

std::string plain(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

/// Whether a file that comes later would be both.
bool names_both(const std::string& pattern, const std::string& path) {
  return ::fnmatch(plain(pattern).c_str(), plain(path).c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
}

}  // namespace

void refuse_overlaps(const std::vector<std::string>& urls) {
  std::map<FileIdentity, std::string> by_identity;
  for (std::size_t i = 0; i < urls.size(); ++i) {
    const std::optional<std::string> path = path_of(urls[i]);
    for (std::size_t j = 0; j < i; ++j) {
      const std::optional<std::string> other = path_of(urls[j]);
      if (urls[i] == urls[j]) {
        throw ConfigError({}, "--collect " + urls[i] + " is there twice", "once is enough");
      }
      if (!path || !other) continue;
      if (plain(*path) == plain(*other)) refuse(urls[j], urls[i], "the same");
      if (!is_pattern(*path) && names_both(*other, *path)) refuse(urls[j], urls[i], *path);
      if (!is_pattern(*other) && names_both(*path, *other)) refuse(urls[j], urls[i], *other);
    }
    if (!path) continue;
    for (const std::string& file : files_now(*path)) {
      const std::optional<FileFacts> facts = facts_of(file);
      if (!facts) continue;
      const auto [known, is_new] = by_identity.try_emplace(facts->identity, urls[i]);
      if (!is_new && known->second != urls[i]) refuse(known->second, urls[i], file);
    }
  }
}

}  // namespace weir::bench
