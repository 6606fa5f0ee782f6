#pragma once

// AdminPages: what the admin port says at each path. All of it is for reading; nothing changes the
// router. Kept apart from HTTP (admin_connection.hpp), so that it can be tested as functions.
//
// Belongs to the control thread.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "router/telemetry/ledger.hpp"
#include "router/telemetry/metrics.hpp"

namespace weir {

/// A component that keeps the router from being ready.
struct NotReady {
  std::string component;
  std::string why;
};

/// What the admin port has to know of the router. Called on the control thread; all are set.
struct RouterView {
  std::function<Balance()> balance;
  std::function<std::string()> config_yaml;  ///< Secrets masked.
  std::function<std::vector<NotReady>()> not_ready;
};

/// The sources and sinks that are not ready: what RouterView::not_ready says at least.
std::vector<NotReady> not_ready_parts(const Balance& balance);

struct AdminAnswer {
  unsigned status = 200;
  std::string content_type;
  std::string body;
};

/// `{"error": sentence}`.
AdminAnswer error_answer(unsigned status, std::string_view sentence);

class AdminPages {
 public:
  /// `metrics` outlives it.
  AdminPages(RouterView view, const Metrics& metrics) : view_(std::move(view)), metrics_(metrics) {}

  /// The answer to GET of `path` (without query).
  AdminAnswer get(std::string_view path) const;

 private:
  AdminAnswer ready() const;

  RouterView view_;
  const Metrics& metrics_;
};

}  // namespace weir
