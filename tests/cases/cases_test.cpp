#include <algorithm>

#include "tests/cases/case.hpp"
#include "tests/support/catch.hpp"

namespace fs = std::filesystem;
using namespace weir::test;

namespace {

std::vector<fs::path> case_folders() {
  std::vector<fs::path> folders;
  for (const fs::directory_entry& entry : fs::directory_iterator(WEIR_CASES_DIR)) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

}  // namespace

TEST_CASE("every case comes out as its folder expects") {
  const std::vector<fs::path> folders = case_folders();
  REQUIRE(folders.size() >= 25);
  for (const fs::path& folder : folders) {
    DYNAMIC_SECTION(folder.filename().string()) {
      for (const std::string& difference : run_case(folder)) {
        UNSCOPED_INFO(difference);
        CHECK(difference.empty());
      }
    }
  }
}

TEST_CASE("<...> stands for anything within a line, and for nothing beyond it") {
  CHECK(is_like("a 17 b\n", "a <...> b\n"));
  CHECK(is_like("a  b", "a <...> b"));
  CHECK(is_like("x=1 y=2", "x=<...> y=<...>"));
  CHECK(is_like("same", "same"));
  CHECK_FALSE(is_like("a 17 c", "a <...> b"));
  CHECK_FALSE(is_like("a\nb", "a<...>b"));
  CHECK_FALSE(is_like("a", "a<...>b"));
  CHECK_FALSE(is_like("a\nb\n", "a\n"));
}
