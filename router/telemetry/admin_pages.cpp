#include "router/telemetry/admin_pages.hpp"

#include <boost/json.hpp>
#include <exception>

#include "router/telemetry/printable.hpp"

namespace weir {
namespace {

namespace json = boost::json;

constexpr const char* kJson = "application/json";
constexpr const char* kText = "text/plain; charset=utf-8";

constexpr const char* kIndex = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>weir</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;margin:2rem;max-width:40rem}dt{float:left;width:7rem}</style>
<h1>weir</h1>
<p>This router can be read at:</p>
<dl>
<dt><a href="/ledger">/ledger</a><dd>where every event is, as JSON
<dt><a href="/metrics">/metrics</a><dd>the same numbers for Prometheus
<dt><a href="/config">/config</a><dd>the configuration, secrets masked
<dt><a href="/readyz">/readyz</a><dd>200 if every part is ready, else 503 and which is not
<dt><a href="/livez">/livez</a><dd>200 while the router runs
</dl>
)";

AdminAnswer json_answer(unsigned status, const json::object& object) {
  return {status, kJson, printable_json(json::serialize(object)) + '\n'};
}

}  // namespace

std::vector<NotReady> not_ready_parts(const Balance& balance) {
  std::vector<NotReady> parts;
  for (const SourceBalance& source : balance.sources) {
    if (!source.trouble.empty() && !source.retired) parts.push_back({source.name, source.trouble});
  }
  for (const SinkBalance& sink : balance.sinks) {
    if (!sink.ready && !sink.retired) parts.push_back({sink.name, sink.trouble});
  }
  return parts;
}

AdminAnswer error_answer(unsigned status, std::string_view sentence) {
  return json_answer(status, {{"error", sentence}});
}

AdminAnswer AdminPages::get(std::string_view path) const {
  try {
    if (path == "/metrics") {
      return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_.render(view_.balance())};
    }
    if (path == "/livez") return json_answer(200, {{"live", true}});
    if (path == "/readyz") return ready();
    if (path == "/ledger") return {200, kJson, to_json(view_.balance()) + '\n'};
    if (path == "/config") return {200, kText, view_.config_yaml()};
    if (path == "/") return {200, "text/html; charset=utf-8", kIndex};
  } catch (const std::exception& error) {
    return error_answer(500, error.what());
  }
  return error_answer(404,
                      "no such page; there are /, /ledger, /metrics, /config, /readyz, /livez");
}

AdminAnswer AdminPages::ready() const {
  const std::vector<NotReady> parts = view_.not_ready();
  if (parts.empty()) return json_answer(200, {{"ready", true}});
  json::array array;
  for (const NotReady& part : parts) {
    array.push_back(json::object{{"component", part.component}, {"why", part.why}});
  }
  return json_answer(503, {{"ready", false}, {"not_ready", std::move(array)}});
}

}  // namespace weir
