#pragma once

// The sum over an event's content, made so that what a router may do to an event leaves it as it is
// and anything else does not.
//
//   text   every byte counts
//   JSON   the sum of one number for each top-level field but the stamp's, of its name and its
//          value as decoded: the order of fields, blanks, escapes, and whether 2 is written 2.0 do
//          not matter
//
// Threads: a JsonContent belongs to one; text_sum is pure.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace weir::bench {

std::uint64_t text_sum(std::string_view text) noexcept;

/// A JSON object, taken apart.
class JsonContent {
 public:
  struct Field {
    std::string_view name;
    std::uint64_t sum = 0;
    std::string_view text;  ///< The value, if it is a string: a stamp may be in it.
  };

  JsonContent();
  ~JsonContent();

  /// False where `line` is no JSON object, or is one with something behind it. The views in it are
  /// valid until the next call.
  bool parse(std::string_view line);

  /// All top-level fields, in their order, the stamp's among them.
  const std::vector<Field>& fields() const noexcept { return fields_; }

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::vector<Field> fields_;
};

/// The sum of a JSON event's content as the generator makes it, and how many fields it is of: all
/// but kStampKey. Nothing where it is no JSON object.
struct ContentSum {
  std::uint64_t sum = 0;
  std::uint32_t fields = 0;
};
std::optional<ContentSum> json_sum(std::string_view line);

}  // namespace weir::bench
