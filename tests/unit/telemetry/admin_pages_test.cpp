#include "router/telemetry/admin_pages.hpp"

#include <boost/json.hpp>
#include <stdexcept>

#include "tests/support/catch.hpp"
#include "tests/unit/telemetry/sample_balance.hpp"

namespace json = boost::json;
using weir::AdminAnswer, weir::AdminPages, weir::Metrics, weir::RouterView;

namespace {

RouterView sample_view() {
  return {.balance = [] { return weir::test::sample_balance(); },
          .config_yaml = [] { return "admin: 127.0.0.1:8686\n"; },
          .not_ready = [] { return std::vector<weir::NotReady>{}; }};
}

}  // namespace

TEST_CASE("each page has its content and its type", "[telemetry]") {
  const Metrics metrics("1");
  const AdminPages pages(sample_view(), metrics);

  const AdminAnswer ledger = pages.get("/ledger");
  CHECK(ledger.status == 200);
  CHECK(ledger.content_type == "application/json");
  CHECK(json::parse(ledger.body).at("sources").at(0).at("name") == "apps");

  const AdminAnswer metrics_page = pages.get("/metrics");
  CHECK(metrics_page.content_type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(metrics_page.body.find("weir_ledger_imbalance 0\n") != std::string::npos);

  CHECK(pages.get("/config").body == "admin: 127.0.0.1:8686\n");
  CHECK(pages.get("/livez").status == 200);
  CHECK(pages.get("/").content_type == "text/html; charset=utf-8");
  for (const char* page : {"/ledger", "/metrics", "/config", "/readyz", "/livez"}) {
    CHECK(pages.get("/").body.find(std::string("href=\"") + page + '"') != std::string::npos);
    CHECK(pages.get(page).status == 200);
  }
}

TEST_CASE("what is not there is 404, as JSON", "[telemetry]") {
  const Metrics metrics("1");
  const AdminPages pages(sample_view(), metrics);
  const auto path = GENERATE(as<std::string>{}, "", "/nope", "/ledger/", "//ledger",
                             "/../etc/passwd", "*", "/LEDGER");
  INFO(path);
  const AdminAnswer answer = pages.get(path);
  CHECK(answer.status == 404);
  CHECK(json::parse(answer.body).as_object().contains("error"));
}

TEST_CASE("readyz names what is not ready", "[telemetry]") {
  const Metrics metrics("1");
  RouterView view = sample_view();
  CHECK(AdminPages(view, metrics).get("/readyz").status == 200);

  view.not_ready = [] { return weir::not_ready_parts(weir::test::sample_balance()); };
  const AdminAnswer answer = AdminPages(view, metrics).get("/readyz");
  CHECK(answer.status == 503);
  const json::value body = json::parse(answer.body);
  CHECK_FALSE(body.at("ready").as_bool());
  CHECK(body.at("not_ready").at(0).at("component") == "archive");
  CHECK(body.at("not_ready").at(0).at("why") == "no space left on device");
}

TEST_CASE("a sink that was removed does not keep the router from being ready", "[telemetry]") {
  weir::Balance balance = weir::test::sample_balance();
  CHECK(weir::not_ready_parts(balance).size() == 1);
  balance.sinks[0].retired = true;
  CHECK(weir::not_ready_parts(balance).empty());
}

TEST_CASE("a failing view is an answer, not an exception", "[telemetry]") {
  const Metrics metrics("1");
  RouterView view = sample_view();
  view.balance = []() -> weir::Balance { throw std::runtime_error("out of order"); };
  const AdminPages pages(view, metrics);
  CHECK(pages.get("/ledger").status == 500);
  CHECK(pages.get("/metrics").status == 500);
  CHECK(pages.get("/livez").status == 200);
}
