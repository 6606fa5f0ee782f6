#pragma once

// TempDir: a directory of a test's own, removed with all that is in it when the test ends.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace weir::test {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

  /// The content of a file below; "" where there is none.
  std::string read(std::string_view name) const;
  void write(std::string_view name, std::string_view content) const;

  /// All regular files below, as paths relative to this directory, sorted.
  std::vector<std::string> files() const;

 private:
  std::filesystem::path path_;
};

/// The content of the file at `path`; "" where there is none.
std::string content_of(const std::filesystem::path& path);

/// The lines of `text`, without their newlines. Bytes behind the last newline are a last line.
std::vector<std::string> lines_of(std::string_view text);

}  // namespace weir::test
