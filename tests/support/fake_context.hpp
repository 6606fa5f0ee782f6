#pragma once

// FakeContext: a SinkContext for tests. A column is any text; it is recorded and numbered, the same
// text always with the same number. BatchBuilder gives the values in that order.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "router/sink/plugin.hpp"

namespace weir::test {

class FakeContext final : public SinkContext {
 public:
  /// Throws ConfigError for an empty text or one with a blank at either end: enough to see that a
  /// plugin passes errors on.
  std::size_t column(std::string_view expression, const Settings& settings, std::string_view option,
                     std::size_t offset = 0) override;
  void expose(std::weak_ptr<prometheus::Collectable> metrics) override;
  bool is_relied_on() override { return relied_on; }
  void log_info(std::string_view what) override { infos.emplace_back(what); }
  void log_warning(std::string_view what) override { warnings.emplace_back(what); }

  bool relied_on = false;
  std::vector<std::string> columns;  ///< In the order of their indices.
  std::vector<std::weak_ptr<prometheus::Collectable>> exposed;
  std::vector<std::string> infos;
  std::vector<std::string> warnings;
};

}  // namespace weir::test
