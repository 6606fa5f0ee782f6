#pragma once

// HttpBody: a request's body while it arrives: what was compressed is unpacked at once, so that no
// more of it is in memory than max_body_bytes, and only while the shard's share of memory has room.
//
// Threads: its shard's only.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "router/ingest/charged_buffer.hpp"
#include "router/ingest/inflate.hpp"

namespace weir {

class HttpBody {
 public:
  enum class Fault : std::uint8_t {
    None,
    TooLarge,  ///< As sent, or unpacked.
    Damaged,   ///< It cannot be unpacked.
    NoMemory,  ///< At present.
  };

  /// `packing`: its Content-Encoding; none: it is taken as it comes.
  HttpBody(MemoryShare& share, std::optional<Packing> packing, std::size_t bytes_max);
  ~HttpBody();

  /// False where there is a fault.
  bool take(std::span<const char> piece);

  /// All has come. False where there is a fault.
  bool finish();

  /// Its events are taken: gives its memory back.
  void clear() noexcept { buffer_.clear(); }

  std::string_view bytes() const noexcept { return {buffer_.bytes().data(), buffer_.size()}; }

  /// Bytes that have arrived, as they were sent.
  std::size_t bytes_sent() const noexcept { return bytes_sent_; }

  Fault fault() const noexcept { return fault_; }

  /// The fault in words.
  std::string_view why() const noexcept;

 private:
  bool unpack(std::span<const char> piece);
  bool fail(Fault fault);
  void end_inflater() noexcept;
  Fault fault_of_inflater() const noexcept;

  MemoryShare& share_;
  const std::size_t bytes_max_;
  ChargedBuffer buffer_;
  std::unique_ptr<Inflater> inflater_;  // Until all is unpacked.
  std::size_t inflater_bytes_ = 0;      // Charged for it.
  std::size_t bytes_sent_ = 0;
  Fault fault_ = Fault::None;
};

}  // namespace weir
