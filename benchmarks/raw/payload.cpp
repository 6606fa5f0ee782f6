#include "benchmarks/raw/payload.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string_view>

namespace weir::raw {
namespace {

constexpr std::array<std::string_view, 8> kApps = {"web",    "api",     "checkout", "search",
                                                   "basket", "catalog", "login",    "mailer"};
constexpr std::array<std::string_view, 12> kPaths = {"/",
                                                     "/catalog/shoes",
                                                     "/catalog/shoes/4711/reviews",
                                                     "/static/app.js",
                                                     "/static/theme.css",
                                                     "/search?q=rain+coat&page=2",
                                                     "/basket",
                                                     "/checkout/address",
                                                     "/api/v2/prices?currency=EUR",
                                                     "/images/products/large/0815-front.jpg",
                                                     "/account/orders/2024",
                                                     "/favicon.ico"};
constexpr std::array<std::string_view, 6> kReferers = {
    "-",
    "https://shop.example.com/",
    "https://shop.example.com/catalog/shoes?sort=price&page=3",
    "https://www.example.org/articles/ten-coats-for-rainy-days/",
    "https://search.example.net/?q=rain+coat",
    "https://shop.example.com/basket"};
constexpr std::array<std::string_view, 5> kAgents = {
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
    "Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:121.0) Gecko/20100101 Firefox/121.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.2 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.1 Safari/605.1.15",
    "ExampleBot/2.1 (+https://bot.example.net/about)"};

/// SplitMix64: the standard's distributions give other numbers with every library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }
  unsigned below(unsigned limit) { return static_cast<unsigned>(next() % limit); }
  template <std::size_t N>
  std::string_view one_of(const std::array<std::string_view, N>& choices) {
    return choices[below(N)];
  }

 private:
  std::uint64_t state_;
};

struct Outcome {
  unsigned status;
  const char* level;
};

/// 3 % errors, 9 % warnings; an `error` is always a status of 500 or more, as in the real file.
Outcome draw_outcome(Random& random) {
  const unsigned percent = random.below(100);
  if (percent < 2) return {500, "error"};
  if (percent < 3) return {503, "error"};
  if (percent < 11) return {404, "warn"};
  if (percent < 12) return {403, "warn"};
  if (percent < 18) return {304, "info"};
  return {200, "info"};
}

/// One event without newline; `padding` goes to the end of `agent`.
std::string make_event(Random& random, std::size_t number, std::string_view padding) {
  const Outcome outcome = draw_outcome(random);
  const std::string app(random.one_of(kApps));
  const std::string path(random.one_of(kPaths));
  const std::string referer(random.one_of(kReferers));
  const std::string agent = std::string(random.one_of(kAgents)).append(padding);
  const std::size_t second = number / 40;  // 40 events a second, from ten o'clock on.
  std::array<char, 32> time{};
  std::snprintf(time.data(), time.size(), "%02zu/Jan/2024:%02zu:%02zu:%02zu +0000",
                1 + second / 86400 % 28, (10 + second / 3600) % 24, second / 60 % 60, second % 60);
  std::array<char, 512> front{};
  std::snprintf(front.data(), front.size(),
                R"({"time":"%s","level":"%s","app":"%s","instance":"web.%u","method":"%s",)"
                R"("path":"%s","status":%u,"bytes":%u,"remote":"198.51.%u.%u",)",
                time.data(), outcome.level, app.c_str(), 1 + random.below(8),
                random.below(20) == 0 ? "POST" : "GET", path.c_str(), outcome.status,
                random.below(60000), 100 + random.below(100), random.below(256));
  std::array<char, 128> back{};
  const std::uint64_t high = random.next();
  const std::uint64_t low = random.next();
  std::snprintf(back.data(), back.size(), R"("duration_ms":%u.%03u,"request_id":"%016llx%016llx"})",
                1 + random.below(90), random.below(1000), static_cast<unsigned long long>(high),
                static_cast<unsigned long long>(low));
  return std::string(front.data()) + R"("referer":")" + referer + R"(","agent":")" + agent +
         R"(",)" + back.data();
}

void append(Payload& payload, std::string_view event) {
  payload.starts.push_back(payload.bytes.size());
  payload.bytes += event;
}

}  // namespace

std::size_t Payload::event_at(std::size_t offset) const {
  const auto after = std::upper_bound(starts.begin(), starts.end(), offset);
  return static_cast<std::size_t>(after - starts.begin()) - 1;
}

Payload read_payload(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Payload payload;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    append(payload, std::string_view(text).substr(begin, end + 1 - begin));
  }
  if (payload.bytes.empty()) {
    std::fprintf(stderr, "%s: cannot be read or holds no line\n", path.c_str());
    std::exit(1);
  }
  payload.starts.push_back(payload.bytes.size());
  return payload;
}

Payload make_payload(std::uint64_t seed, std::size_t event_count) {
  Random random(seed);
  Payload payload;
  for (std::size_t i = 0; i < event_count; ++i) append(payload, make_event(random, i, "") + '\n');
  payload.starts.push_back(payload.bytes.size());
  return payload;
}

Payload make_datagrams(std::uint64_t seed, std::size_t count, std::size_t bytes_each) {
  Random random(seed);
  Payload payload;
  while (payload.starts.size() < count) {
    // The same numbers twice: first to see how much is missing. Events that are too long are left.
    Random again = random;
    const std::string plain = make_event(random, payload.starts.size(), "");
    if (plain.size() > bytes_each) continue;
    const std::string padding(bytes_each - plain.size(), ' ');
    append(payload, make_event(again, payload.starts.size(), padding));
  }
  payload.starts.push_back(payload.bytes.size());
  return payload;
}

}  // namespace weir::raw
