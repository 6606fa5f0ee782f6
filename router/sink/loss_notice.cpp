#include "router/sink/loss_notice.hpp"

#include <fmt/format.h>

#include "router/base/rfc3339.hpp"
#include "router/sink/json_text.hpp"

namespace weir {

std::string LossNotice::take(std::string_view sink) {
  std::string event = R"({"weir":"loss","sink":)";
  append_json_string(sink, event);
  event += fmt::format(R"(,"lost":{},"reasons":{{)", lost_.total());
  const char* separator = "";
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const auto reason = static_cast<Reason>(i);
    if (lost_[reason] == 0) continue;
    event += fmt::format(R"({}"{}":{})", separator, to_string(reason), lost_[reason]);
    separator = ",";
  }
  event += R"(},"from":")";
  append_rfc3339(from_ns_, event);
  event += R"(","to":")";
  append_rfc3339(to_ns_, event);
  event += R"("})";
  *this = {};
  return event;
}

}  // namespace weir
