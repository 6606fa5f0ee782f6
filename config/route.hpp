#pragma once

// read_route: one route, from YAML (a mapping with `when` and `to`) or from an environment variable
// (`condition -> sink, sink`), into a RouteConfig whose sinks exist. Conditions are compiled later,
// by route/.

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "config/config.hpp"
#include "config/document.hpp"
#include "config/interpolation.hpp"

namespace weir {

struct RouteDraft {
  std::string name;
  Location where;         ///< Of the name.
  NodeView node;          ///< A mapping, or from the environment a scalar.
  bool is_arrow = false;  ///< From the environment.
};

/// The names of all sinks, to look up and to suggest.
class SinkNames {
 public:
  explicit SinkNames(std::vector<std::string> names);
  bool contains(std::string_view name) const { return known_.contains(std::string(name)); }
  const std::vector<std::string>& all() const noexcept { return names_; }

 private:
  std::vector<std::string> names_;
  std::unordered_set<std::string> known_;
};

/// Throws ConfigError.
RouteConfig read_route(const RouteDraft& draft, const SinkNames& sinks, Interpolator& interpolator);

}  // namespace weir
