#include "router/bench/generate/event_maker.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <vector>

namespace weir::bench {
namespace {

constexpr std::array<std::string_view, 8> kApps = {"web",    "api",     "checkout", "search",
                                                   "basket", "catalog", "login",    "mailer"};
constexpr std::array<std::string_view, 8> kPaths = {"/",
                                                    "/catalog/shoes/4711/reviews",
                                                    "/search?q=rain+coat&page=2",
                                                    "/basket",
                                                    "/api/v2/prices?currency=EUR",
                                                    "/images/products/0815-front.jpg",
                                                    "/orders/17",
                                                    "/favicon.ico"};
constexpr std::array<std::string_view, 4> kAgents = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15",
    "ExampleBot/2.1 (+https://bot.example.net/about)", "curl/8.5.0"};
constexpr std::array<std::string_view, 16> kWords = {
    "request", "took",   "longer",  "than",   "the",     "order", "of",       "a",
    "shop",    "waited", "payment", "answer", "retried", "cache", "customer", "done"};

struct Outcome {
  unsigned status;
  std::string_view level;
};

/// 3 % errors, 9 % warnings.
Outcome draw_outcome(Random& random) {
  const unsigned percent = random.below(100);
  if (percent < 3) return {500 + random.below(4), "error"};
  if (percent < 12) return {404, "warn"};
  if (percent < 18) return {304, "info"};
  return {200, "info"};
}

template <std::size_t N>
std::string_view one_of(Random& random, const std::array<std::string_view, N>& choices) {
  return choices[random.below(N)];
}

}  // namespace

std::string EventMaker::text(std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) {
    if (!text.empty()) text += ' ';
    text += one_of(random_, kWords);
  }
  text.resize(bytes);
  if (!text.empty() && text.back() == ' ') text.back() = '.';  // Nobody may trim it.
  return text;
}

std::string EventMaker::json(std::size_t bytes) {
  const Outcome outcome = draw_outcome(random_);
  const std::uint32_t second = made_++ / 40;
  // In the order in which they are left out where there is no room: the last ones first.
  const std::vector<std::string> fields = {
      fmt::format(R"("app":"{}")", one_of(random_, kApps)),
      fmt::format(R"("level":"{}")", outcome.level),
      fmt::format(R"("status":{})", outcome.status),
      fmt::format(R"("method":"{}")", random_.below(20) == 0 ? "POST" : "GET"),
      fmt::format(R"("path":"{}")", one_of(random_, kPaths)),
      fmt::format(R"("bytes":{})", random_.below(60'000)),
      fmt::format(R"("duration_ms":{}.{})", random_.below(90), 1 + random_.below(9)),
      fmt::format(R"("time":"2024-01-{:02}T{:02}:{:02}:{:02}Z")", 1 + second / 86'400 % 28,
                  second / 3'600 % 24, second / 60 % 60, second % 60),
      fmt::format(R"("instance":"web.{}")", 1 + random_.below(8)),
      fmt::format(R"("remote":"198.51.100.{}")", random_.below(256)),
      fmt::format(R"("request_id":"{:016x}")", random_.next()),
      fmt::format(R"("agent":"{}")", one_of(random_, kAgents))};
  constexpr std::string_view kMessage = R"("message":")";
  constexpr std::size_t kAround = kMessage.size() + 2;
  std::string object = "{";
  for (const std::string& field : fields) {
    if (object.size() + field.size() + 1 + kAround > bytes) break;
    object += field + ',';
  }
  const std::size_t used = object.size() + kMessage.size() + 2;
  return object.append(kMessage) + text(bytes > used ? bytes - used : 0) + R"("})";
}

std::string EventMaker::header_5424() {
  const std::string_view app = one_of(random_, kApps);
  return fmt::format("<{}>1 2024-01-01T10:{:02}:{:02}.{:06}Z host{} {} {} - - ",
                     8 + random_.below(8), random_.below(60), random_.below(60),
                     random_.below(1'000'000), random_.below(10), app, 1000 + random_.below(9000));
}

std::string EventMaker::header_3164() {
  const std::string_view app = one_of(random_, kApps);
  return fmt::format("<{}>Jan  1 10:{:02}:{:02} host{} {}[{}]: ", 8 + random_.below(8),
                     random_.below(60), random_.below(60), random_.below(10), app,
                     1000 + random_.below(9000));
}

}  // namespace weir::bench
