#include "router/ingest/inflate.hpp"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <climits>

namespace weir {
namespace {

constexpr int kGzipOnly = 16;  // Added to the window's bits; see inflateInit2() in zlib.h.

/// zlib's window of 32 KiB and its state, rounded up.
constexpr std::size_t kGzipBytes = 48 * 1024;

/// 8 MiB: what RFC 8878 section 3.1.1.1.2 recommends to support, and its encoders stay below.
constexpr int kZstdWindowLogMax = 23;

/// A log compresses to a tenth, rarely to a fiftieth. A repeated byte comes to a thousandth.
constexpr std::uint64_t kRatioMax = 100;
constexpr std::uint64_t kRatioFrom = 1024 * 1024;

/// RFC 8878 section 3.1.1. Others are older formats, and frames to be skipped.
constexpr std::array<unsigned char, 4> kZstdMagic = {0x28, 0xB5, 0x2F, 0xFD};

InflateFault fault_of_zstd(std::size_t result) noexcept {
  switch (::ZSTD_getErrorCode(result)) {
    case ZSTD_error_frameParameter_windowTooLarge:
    case ZSTD_error_frameParameter_unsupported:
    case ZSTD_error_dictionary_wrong:
    case ZSTD_error_version_unsupported:
      return InflateFault::Unsupported;
    case ZSTD_error_memory_allocation:
      return InflateFault::NoMemory;
    default:
      return InflateFault::Corrupt;
  }
}

}  // namespace

std::string_view to_string(InflateFault fault) noexcept {
  constexpr std::array<std::string_view, 8> kWords = {
      "",
      "the compressed data unpacks to more than is allowed",
      "the compressed data unpacks to more than a hundred times its size",
      "the compressed data is damaged",
      "the compressed data ends too early",
      "something stands behind the end of the compressed data",
      "the compressed data needs a dictionary, or a window of more than 8 MiB",
      "there is no memory to unpack the compressed data"};
  return kWords[static_cast<std::size_t>(fault)];
}

void Inflater::EndGzip::operator()(z_stream_s* stream) const noexcept {
  ::inflateEnd(stream);
  delete stream;
}

void Inflater::EndZstd::operator()(ZSTD_DCtx_s* context) const noexcept {
  ::ZSTD_freeDCtx(context);
}

Inflater::Inflater(Packing packing, std::uint64_t bytes_max)
    : takes_members_(packing == Packing::GzipMembers), bytes_max_(bytes_max) {
  if (packing != Packing::Zstd) {
    gzip_.reset(new z_stream_s{});
    const int status = ::inflateInit2(gzip_.get(), MAX_WBITS + kGzipOnly);
    if (status != Z_OK) fault_ = InflateFault::NoMemory;
    return;
  }
  zstd_.reset(::ZSTD_createDCtx());
  if (zstd_ == nullptr) {
    fault_ = InflateFault::NoMemory;
  } else {
    ::ZSTD_DCtx_setParameter(zstd_.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax);
  }
}

Inflater::~Inflater() = default;

std::size_t Inflater::step(std::span<const char>& packed, std::span<char> room) noexcept {
  if (fault_ != InflateFault::None) return 0;
  if (ended_) {
    if (!packed.empty()) fault_ = InflateFault::Trailing;
    return 0;
  }
  // One byte more than is allowed shows that there is more, without unpacking it.
  const std::uint64_t allowed = bytes_max_ - bytes_out_ + 1;
  if (room.size() > allowed) room = room.first(static_cast<std::size_t>(allowed));
  const std::size_t before = packed.size();
  const std::size_t out = gzip_ ? step_gzip(packed, room) : step_zstd(packed, room);
  bytes_in_ += before - packed.size();
  bytes_out_ += out;
  if (fault_ != InflateFault::None) return 0;
  if (bytes_out_ > bytes_max_) {
    fault_ = InflateFault::TooLarge;
  } else if (bytes_out_ > kRatioFrom && bytes_out_ / kRatioMax > bytes_in_) {
    fault_ = InflateFault::BadRatio;
  } else if (ended_ && !packed.empty()) {
    if (takes_members_ && ::inflateReset(gzip_.get()) == Z_OK) {
      ended_ = false;
    } else {
      fault_ = InflateFault::Trailing;
    }
  }
  return fault_ == InflateFault::None ? out : 0;
}

std::size_t Inflater::step_gzip(std::span<const char>& packed, std::span<char> room) noexcept {
  const std::size_t in = std::min<std::size_t>(packed.size(), UINT_MAX);
  const std::size_t space = std::min<std::size_t>(room.size(), UINT_MAX);
  gzip_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  gzip_->avail_in = static_cast<uInt>(in);
  gzip_->next_out = reinterpret_cast<Bytef*>(room.data());
  gzip_->avail_out = static_cast<uInt>(space);
  const int status = ::inflate(gzip_.get(), Z_NO_FLUSH);
  packed = packed.subspan(in - gzip_->avail_in);
  if (status == Z_STREAM_END) {
    ended_ = true;
  } else if (status == Z_MEM_ERROR) {
    fault_ = InflateFault::NoMemory;
  } else if (status != Z_OK && status != Z_BUF_ERROR) {  // The latter: it wants more input.
    fault_ = InflateFault::Corrupt;
  }
  return space - gzip_->avail_out;
}

bool Inflater::begins_well(std::span<const char> packed) noexcept {
  for (std::uint64_t i = bytes_in_; i < kZstdMagic.size() && i - bytes_in_ < packed.size(); ++i) {
    if (static_cast<unsigned char>(packed[i - bytes_in_]) != kZstdMagic[i]) return false;
  }
  return true;
}

std::size_t Inflater::step_zstd(std::span<const char>& packed, std::span<char> room) noexcept {
  if (!begins_well(packed)) {
    fault_ = InflateFault::Corrupt;
    return 0;
  }
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  ZSTD_outBuffer out{room.data(), room.size(), 0};
  const std::size_t result = ::ZSTD_decompressStream(zstd_.get(), &out, &in);
  packed = packed.subspan(in.pos);
  if (::ZSTD_isError(result) != 0) {
    fault_ = fault_of_zstd(result);
  } else if (result == 0) {
    ended_ = true;
  }
  return out.pos;
}

InflateFault Inflater::finish() noexcept {
  if (fault_ == InflateFault::None && !ended_) fault_ = InflateFault::Truncated;
  return fault_;
}

std::size_t Inflater::bytes_held() const noexcept {
  return gzip_ ? kGzipBytes : ::ZSTD_sizeof_DCtx(zstd_.get());
}

InflateFault inflate_all(Packing packing, std::span<const char> packed, std::size_t bytes_max,
                         std::string& to) {
  Inflater inflater(packing, bytes_max);
  std::array<char, 16 * 1024> room;
  while (true) {
    const std::size_t out = inflater.step(packed, room);
    to.append(room.data(), out);
    if (inflater.fault() != InflateFault::None) return inflater.fault();
    if (packed.empty() && out < room.size()) return inflater.finish();
  }
}

}  // namespace weir
