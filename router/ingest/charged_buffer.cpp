#include "router/ingest/charged_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace weir {
namespace {

constexpr std::size_t kBytesMin = 4096;

}  // namespace

bool MemoryShare::try_charge(std::size_t bytes) noexcept {
  if (bytes > bytes_max_ - bytes_used_ || !budget_.try_charge(bytes, MemoryClaim::Waits))
    return false;
  bytes_used_ += bytes;
  return true;
}

void MemoryShare::release(std::size_t bytes) noexcept {
  bytes_used_ -= bytes;
  budget_.release(bytes);
}

std::span<char> ChargedBuffer::prepare(std::size_t bytes) noexcept {
  if (bytes > capacity_ - size_) {
    const std::size_t needed = size_ + bytes;
    // Twice as much, so that a byte is moved rarely; where that is too much, what is needed.
    std::size_t wanted = std::max({needed, 2 * capacity_, kBytesMin});
    if (!share_.try_charge(wanted - capacity_)) {
      wanted = needed;
      if (!share_.try_charge(wanted - capacity_)) return {};
    }
    auto* const grown = static_cast<char*>(std::realloc(data_.get(), wanted));
    if (grown == nullptr) {
      share_.release(wanted - capacity_);
      return {};
    }
    (void)data_.release();
    data_.reset(grown);
    capacity_ = wanted;
  }
  return {data_.get() + size_, capacity_ - size_};
}

bool ChargedBuffer::append(std::span<const char> bytes) noexcept {
  if (bytes.empty()) return true;
  const std::span<char> room = prepare(bytes.size());
  if (room.empty()) return false;
  std::memcpy(room.data(), bytes.data(), bytes.size());
  commit(bytes.size());
  return true;
}

void ChargedBuffer::drop_front(std::size_t bytes) noexcept {
  if (bytes == 0) return;
  size_ -= bytes;
  if (size_ == 0) {
    clear();
  } else {
    std::memmove(data_.get(), data_.get() + bytes, size_);
  }
}

void ChargedBuffer::clear() noexcept {
  data_.reset();
  share_.release(capacity_);
  size_ = 0;
  capacity_ = 0;
}

}  // namespace weir
