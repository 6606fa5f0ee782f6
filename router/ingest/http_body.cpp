#include "router/ingest/http_body.hpp"

#include <algorithm>
#include <utility>

namespace weir {
namespace {

/// What is unpacked in one step, at least.
constexpr std::size_t kUnpackBytes = 16 * 1024;

}  // namespace

HttpBody::HttpBody(MemoryShare& share, std::optional<Packing> packing, std::size_t bytes_max)
    : share_(share), bytes_max_(bytes_max), buffer_(share) {
  if (packing) inflater_ = std::make_unique<Inflater>(*packing, bytes_max);
}

HttpBody::~HttpBody() { end_inflater(); }

void HttpBody::end_inflater() noexcept {
  inflater_.reset();
  share_.release(std::exchange(inflater_bytes_, 0));
}

bool HttpBody::fail(Fault fault) {
  fault_ = fault;
  buffer_.clear();
  return false;
}

bool HttpBody::take(std::span<const char> piece) {
  if (fault_ != Fault::None) return false;
  if (piece.size() > bytes_max_ - bytes_sent_) return fail(Fault::TooLarge);
  bytes_sent_ += piece.size();
  if (inflater_) return unpack(piece);
  return buffer_.append(piece) || fail(Fault::NoMemory);
}

bool HttpBody::unpack(std::span<const char> piece) {
  while (true) {
    const std::span<char> room = buffer_.prepare(kUnpackBytes);
    if (room.empty()) return fail(Fault::NoMemory);
    const std::size_t out = inflater_->step(piece, room);
    if (inflater_->fault() != InflateFault::None) return fail(fault_of_inflater());
    buffer_.commit(out);
    const std::size_t held = std::max(inflater_->bytes_held(), inflater_bytes_);
    if (!share_.try_charge(held - inflater_bytes_)) return fail(Fault::NoMemory);
    inflater_bytes_ = held;
    if (piece.empty() && out < room.size()) return true;
  }
}

bool HttpBody::finish() {
  if (fault_ != Fault::None) return false;
  if (inflater_ && inflater_->finish() != InflateFault::None) return fail(fault_of_inflater());
  end_inflater();
  return true;
}

HttpBody::Fault HttpBody::fault_of_inflater() const noexcept {
  switch (inflater_->fault()) {
    case InflateFault::TooLarge:
    case InflateFault::BadRatio:
      return Fault::TooLarge;
    case InflateFault::NoMemory:
      return Fault::NoMemory;
    default:
      return Fault::Damaged;
  }
}

std::string_view HttpBody::why() const noexcept {
  if (inflater_ && inflater_->fault() != InflateFault::None) return to_string(inflater_->fault());
  if (fault_ == Fault::TooLarge) return "the body is larger than max_body_bytes";
  return fault_ == Fault::NoMemory ? "there is no memory for the body at present" : "";
}

}  // namespace weir
