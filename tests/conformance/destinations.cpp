#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <filesystem>

#include "tests/conformance/destination.hpp"
#include "tests/support/temp_dir.hpp"

namespace weir::test {
namespace {

/// Shows nothing and is never away.
class Nowhere final : public Destination {
 public:
  std::vector<std::string> yaml() const override { return {"url: blackhole"}; }
};

class FileDestination final : public Destination {
 public:
  std::vector<std::string> yaml() const override {
    return {"url: file://" + (directory_ / "logs/events.ndjson")};
  }

  // Where its directory should be stands a file. Permissions would not stop root.
  bool make_away() override {
    directory_.write("logs", "in the way");
    return true;
  }
  void make_present() override { std::filesystem::remove(directory_ / "logs"); }
  bool is_untouched() override { return directory_.files().empty() && !exists("logs"); }
  std::optional<std::string> bytes() override { return directory_.read("logs/events.ndjson"); }

 private:
  bool exists(std::string_view name) const { return std::filesystem::exists(directory_ / name); }
  TempDir directory_;
};

/// Shows how many events were counted.
class Metrics final : public Destination {
 public:
  std::vector<std::string> yaml() const override {
    return {"url: prometheus", "metrics:", "  - {name: events_total, labels: [app, user.id]}"};
  }
  std::optional<std::size_t> event_count(const FakeContext& context) override {
    double sum = 0;
    for (const auto& exposed : context.exposed) {
      const auto metrics = exposed.lock();
      if (metrics == nullptr) continue;
      for (const auto& family : metrics->Collect()) {
        if (family.name != "events_total") continue;
        for (const auto& metric : family.metric) sum += metric.counter.value;
      }
    }
    return static_cast<std::size_t>(sum);
  }
};

template <class T>
std::unique_ptr<Destination> make() {
  return std::make_unique<T>();
}

}  // namespace

const std::vector<DestinationRow>& destination_rows() {
  static const std::vector<DestinationRow> rows = {
      {"blackhole", "blackhole", make<Nowhere>}, {"stdout", "stdout", stdout_destination},
      {"file", "file", make<FileDestination>},   {"prometheus", "prometheus", make<Metrics>},
      {"kafka", "kafka", kafka_destination},     {"tcp", "socket", tcp_destination},
      {"unix", "socket", unix_destination},      {"forward", "forward", forward_destination},
  };
  return rows;
}

}  // namespace weir::test
