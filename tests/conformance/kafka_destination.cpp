#include "tests/conformance/destination.hpp"
#include "tests/support/kafka_mock.hpp"

namespace weir::test {
namespace {

/// A topic with one partition, so that there is one order.
class KafkaDestination final : public Destination {
 public:
  KafkaDestination() { mock_.create_topic("logs"); }

  std::vector<std::string> yaml() const override {
    return {"url: kafka://" + mock_.brokers() + "/logs"};
  }

  // The sink itself waits for brokers that are away: there is no "away" that it would report.
  bool break_off() override {
    mock_.set_down(1);
    return true;
  }
  void make_present() override { mock_.set_up(1); }

  bool is_untouched() override { return mock_.read("logs", 0).empty(); }
  std::optional<std::string> bytes() override {
    std::string all;
    for (const KafkaRecord& record : mock_.read("logs", 0)) all += record.value + "\n";
    return all;
  }

 private:
  KafkaMock mock_;
};

}  // namespace

std::unique_ptr<Destination> kafka_destination() { return std::make_unique<KafkaDestination>(); }

}  // namespace weir::test
