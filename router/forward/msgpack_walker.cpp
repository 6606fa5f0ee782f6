#include "router/forward/msgpack_walker.hpp"

#include "router/forward/msgpack.hpp"

namespace weir::msgpack {

Walker::State Walker::walk(std::string_view bytes, std::size_t bytes_max) noexcept {
  for (;;) {
    if (at_ > bytes_max) return State::TooLarge;
    if (at_ > bytes.size()) return State::Unfinished;
    while (depth_ > 0 && left_[depth_ - 1] == 0) --depth_;
    if (has_begun_ && depth_ == 0) return State::Complete;

    Head head;
    const Reading reading = read_head(bytes.substr(at_), head);
    if (reading == Reading::Short) return State::Unfinished;
    if (reading == Reading::Invalid) return State::Invalid;
    has_begun_ = true;
    if (depth_ > 0) --left_[depth_ - 1];
    at_ += head.size;
    if (at_ > bytes_max) return State::TooLarge;
    // Each element has a byte at least.
    const bool is_container = head.kind == Kind::Array || head.kind == Kind::Map;
    if ((is_container || head.has_payload()) && head.number > bytes_max - at_) {
      return State::TooLarge;
    }
    if (head.has_payload()) {
      at_ += head.number;
    } else if (is_container) {
      if (depth_ == kDepthMax) return State::TooDeep;
      left_[depth_++] = head.kind == Kind::Map ? 2 * head.number : head.number;
    }
  }
}

}  // namespace weir::msgpack
