#pragma once

// SecretNames: which options hold secrets, and which bytes of a line must therefore not be shown in
// an error. A line is hidden from its first secret on, to its end: better too much than too little.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/option.hpp"

namespace weir {

class SecretNames {
 public:
  SecretNames() = default;

  /// All options of type Secret in `components`, members of Objects included.
  void add(std::span<const ComponentSpec> components);

  /// True for the name of a Secret option, for a name that is near one (a slip of the pen must not
  /// show the password), and for any name that speaks of a secret: "db_password", "API_TOKEN".
  bool contains(std::string_view name) const;

 private:
  void add_options(std::span<const OptionSpec> options);

  std::vector<std::string> names_;
  mutable std::unordered_map<std::string, bool> known_;  // contains() of names seen before.
};

/// Where the secret part of one line of text begins: behind `name=` and in `//user:password@`, and
/// with `colons` also behind `name:`, as YAML has it before it is parsed. npos: there is none.
std::size_t secret_column(std::string_view line, const SecretNames& names, bool colons);

}  // namespace weir
