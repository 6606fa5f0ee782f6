#include "plugins/file/compress.hpp"

#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>

#include "router/base/assert.hpp"

namespace weir::file {
namespace {

constexpr std::size_t kStepBytes = 64 * 1024;

ErrorCode error_of(int number) noexcept { return {number, boost::system::system_category()}; }

/// The two libraries, behind one function: compresses `in` and gives pieces of the result to
/// `write`, which returns an error or none.
template <class Write>
class Gzip {
 public:
  explicit Gzip(Write write) : write_(write) {
    constexpr int kGzipHeader = 16;
    ready_ = ::deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzipHeader, 8,
                            Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~Gzip() {
    if (ready_) ::deflateEnd(&stream_);
  }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  ErrorCode add(char* in, std::size_t size, bool is_last) {
    if (!ready_) return error_of(ENOMEM);
    stream_.next_in = reinterpret_cast<Bytef*>(in);
    stream_.avail_in = static_cast<uInt>(size);
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(out_.data());
      stream_.avail_out = static_cast<uInt>(out_.size());
      if (::deflate(&stream_, is_last ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR) {
        return error_of(EIO);
      }
      if (const ErrorCode error = write_(out_.data(), out_.size() - stream_.avail_out))
        return error;
    } while (stream_.avail_out == 0);
    return {};
  }

 private:
  Write write_;
  z_stream stream_{};
  bool ready_ = false;
  std::array<char, kStepBytes> out_;
};

template <class Write>
class Zstd {
 public:
  explicit Zstd(Write write) : write_(write), context_(::ZSTD_createCCtx()) {
    if (context_) ::ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  }

  ErrorCode add(char* in, std::size_t size, bool is_last) {
    if (!context_) return error_of(ENOMEM);
    ZSTD_inBuffer from{in, size, 0};
    while (true) {
      ZSTD_outBuffer to{out_.data(), out_.size(), 0};
      const std::size_t left = ::ZSTD_compressStream2(context_.get(), &to, &from,
                                                      is_last ? ZSTD_e_end : ZSTD_e_continue);
      if (::ZSTD_isError(left)) return error_of(EIO);
      if (const ErrorCode error = write_(out_.data(), to.pos)) return error;
      if (is_last ? left == 0 : from.pos == from.size) return {};
    }
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const noexcept { ::ZSTD_freeCCtx(context); }
  };
  Write write_;
  std::unique_ptr<ZSTD_CCtx, Free> context_;
  std::array<char, kStepBytes> out_;
};

template <class Compressor>
Result<void> run(Io& io, int from, Compressor& compressor, const std::atomic<bool>& stop) {
  std::array<char, kStepBytes> in;
  for (off_t offset = 0;;) {
    if (stop.load(std::memory_order_relaxed)) return error_of(ECANCELED);
    const ssize_t size = io.pread(from, in.data(), in.size(), offset);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return last_error();
    const bool is_last = size == 0;
    if (const ErrorCode error =
            compressor.add(in.data(), static_cast<std::size_t>(size), is_last)) {
      return error;
    }
    if (is_last) return {};
    offset += size;
  }
}

}  // namespace

Result<void> compress(Io& io, int from, int to, Compression compression,
                      const std::atomic<bool>& stop) {
  WEIR_ASSERT(compression != Compression::None);
  const auto write = [&](char* data, std::size_t size) {
    iovec piece{.iov_base = data, .iov_len = size};
    std::span<iovec> pieces{&piece, 1};
    return write_all(io, to, pieces).error;
  };
  if (compression == Compression::Gzip) {
    Gzip compressor(write);
    return run(io, from, compressor, stop);
  }
  Zstd compressor(write);
  return run(io, from, compressor, stop);
}

}  // namespace weir::file
