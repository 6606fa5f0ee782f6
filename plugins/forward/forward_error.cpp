#include "plugins/forward/forward_error.hpp"

#include <string>

namespace weir::forward {
namespace {

class ForwardCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "weir.forward"; }
  std::string message(int value) const override {
    switch (static_cast<ForwardError>(value)) {
      case ForwardError::AckTimeout:
        return "a chunk was not acknowledged within ack_timeout";
      case ForwardError::NeedsKey:
        return "the server asks for a shared_key";
      case ForwardError::SaysNoHello:
        return "the server asked for no shared_key within connect_timeout; does it have one?";
      case ForwardError::Refused:
        return "the server does not accept shared_key, username or password";
      case ForwardError::WrongServer:
        return "the server does not know the shared_key itself";
      case ForwardError::BadAnswer:
        return "the server's answer is none of the Forward protocol";
    }
    return "unknown";
  }
};

}  // namespace

ErrorCode make_error_code(ForwardError error) noexcept {
  static const ForwardCategory category;
  return {static_cast<int>(error), category};
}

}  // namespace weir::forward
