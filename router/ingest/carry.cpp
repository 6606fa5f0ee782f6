#include "router/ingest/carry.hpp"

#include <algorithm>
#include <cstring>

namespace weir {
namespace {

// Smaller carries are not worth cutting, nor keeping in a list that is searched.
constexpr std::size_t kListedBytes = 4096;

}  // namespace

Carry* CarryShare::largest() const noexcept {
  const auto found =
      std::max_element(carries_.begin(), carries_.end(),
                       [](const Carry* a, const Carry* b) { return a->size() < b->size(); });
  return found == carries_.end() ? nullptr : *found;
}

bool CarryShare::try_charge(std::size_t bytes) noexcept {
  if (bytes > bytes_max_ - bytes_used_ || !budget_.try_charge(bytes)) return false;
  bytes_used_ += bytes;
  return true;
}

void CarryShare::release(std::size_t bytes) noexcept {
  bytes_used_ -= bytes;
  budget_.release(bytes);
}

bool Carry::append(std::span<const char> bytes) {
  const std::size_t need = size_ + bytes.size();
  if (need > capacity_) {
    const std::size_t capacity = std::max({need, 2 * capacity_, std::size_t{512}});
    if (!share_.try_charge(capacity)) return false;
    std::unique_ptr<char[]> grown(new char[capacity]);
    if (size_ != 0) std::memcpy(grown.get(), data_.get(), size_);
    if (capacity_ != 0) share_.release(capacity_);
    if (capacity_ < kListedBytes && capacity >= kListedBytes) share_.carries_.push_back(this);
    data_ = std::move(grown);
    capacity_ = capacity;
  }
  std::memcpy(data_.get() + size_, bytes.data(), bytes.size());
  size_ = need;
  return true;
}

bool Carry::assign(std::span<const char> bytes) {
  // Memory is kept while the connection is busy with frames of a usual size.
  if (bytes.empty() || capacity_ > 4 * (bytes.size() + 1024)) clear();
  size_ = 0;
  return bytes.empty() || append(bytes);
}

void Carry::drop_front(std::size_t bytes) noexcept {
  size_ -= bytes;
  if (size_ == 0) return clear();
  if (bytes != 0) std::memmove(data_.get(), data_.get() + bytes, size_);
}

void Carry::clear() noexcept {
  if (capacity_ == 0) return;
  data_.reset();
  share_.release(capacity_);
  if (capacity_ >= kListedBytes) std::erase(share_.carries_, this);
  size_ = 0;
  capacity_ = 0;
}

}  // namespace weir
