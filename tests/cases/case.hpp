#pragma once

// run_case: runs weir on one folder of tests/cases and says how the result differs from what the
// folder expects. README.md there tells what the files of a folder mean.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace weir::test {

/// Differences for people, one each; empty: as expected.
std::vector<std::string> run_case(const std::filesystem::path& folder);

/// True where `text` is `pattern`, in which `<...>` stands for anything within a line.
bool is_like(std::string_view text, std::string_view pattern);

}  // namespace weir::test
