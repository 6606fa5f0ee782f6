#include "router/kafka/kafka_error.hpp"

#include <string>

namespace weir {
namespace {

class KafkaCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "kafka"; }
  std::string message(int value) const override {
    return ::rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(value));
  }
};

}  // namespace

ErrorCode kafka_error(rd_kafka_resp_err_t code) noexcept {
  static const KafkaCategory category;
  return {static_cast<int>(code), category};
}

}  // namespace weir
