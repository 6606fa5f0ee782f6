#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

namespace {

constexpr const char* kConfiguration = R"(
admin: 127.0.0.1:0
sources: {in: 'tcp://127.0.0.1:0'}
sinks: {out: 'file://${DIR}/out.ndjson', none: blackhole}
routes:
  errors: {when: level == "error", to: [out, none]}
)";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Three events, two of which match.
void send_three(Router& router) {
  const Socket socket = connect_tcp(router.port("in"));
  REQUIRE(socket.send("{\"level\":\"error\"}\n{\"level\":\"info\"}\n{\"level\":\"error\"}\n"));
  REQUIRE(await([&] { return router.books_now().sink("out", "delivered") == 2; }));
}

}  // namespace

TEST_CASE("/metrics has the counters of the contract, in agreement with /ledger") {
  Router router(kConfiguration);
  send_three(router);
  const HttpAnswer answer = http_get(router.port("admin"), "/metrics");
  CHECK(answer.status == 200);
  CHECK(contains(answer.head, "text/plain"));
  for (const char* line :
       {"weir_source_received_events_total{source=\"in\"} 3", "weir_source_received_bytes_total",
        "weir_sink_delivered_events_total{sink=\"out\"} 2",
        "weir_sink_delivered_events_total{sink=\"none\"} 2", "weir_sink_delivered_bytes_total",
        "weir_events_dropped_total", "weir_sink_in_memory_events{sink=\"out\"} 0",
        "weir_sink_in_spool_events", "weir_sink_buffer_bytes", "weir_delivery_seconds_bucket",
        "weir_sink_oldest_event_seconds", "weir_ledger_imbalance 0", "weir_build_info"}) {
    INFO(line << " in " << answer.body);
    CHECK(contains(answer.body, line));
  }
  const Books books = router.books_now();
  CHECK(books.source("in", "received") == 3);
  CHECK(books.source("in", "unmatched") == 1);
  CHECK(books.imbalance() == 0);
  CHECK(router.stop() == 0);
}

TEST_CASE("/livez and /readyz answer, other paths and methods are refused") {
  Router router(kConfiguration);
  const std::uint16_t port = router.port("admin");
  CHECK(http_get(port, "/livez").status == 200);
  // Sinks open in the background: the router takes events in before.
  CHECK(await([&] { return http_get(port, "/readyz").status == 200; }));
  CHECK(http_get(port, "/nothing").status == 404);
  const Socket post = connect_tcp(port);
  post.send(
      "POST /ledger HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  CHECK(contains(post.receive(), "405"));
  CHECK(contains(http_get(port, "/config").body, "blackhole"));
  CHECK(router.stop() == 0);
}

TEST_CASE("weir ledger asks a running router over its socket, and --assert goes by the balance") {
  Router router(kConfiguration);
  send_three(router);
  const std::string control = router.control_socket();
  const Finished text = run_weir({"ledger", "--control", control});
  CHECK(text.exit_code == 0);
  CHECK(contains(text.out, "out"));
  const Finished checked = run_weir({"ledger", "--assert", "--control", control});
  INFO(checked.out << checked.err);
  CHECK(checked.exit_code == 0);
  CHECK(router.stop() == 0);
  const Finished nobody = run_weir({"ledger", "--assert", "--control", control});
  CHECK(nobody.exit_code == 1);
  CHECK(contains(nobody.err, control));
}
