#include "tests/support/packed.hpp"

#include <zlib.h>
#include <zstd.h>

#include <memory>
#include <stdexcept>

namespace weir::test {

std::string gzipped(std::string_view text) {
  constexpr int kGzip = 16;
  constexpr int kMemory = 8;
  z_stream stream{};
  if (::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzip, kMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("deflateInit2");
  }
  std::string packed(::deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int status = ::deflate(&stream, Z_FINISH);
  packed.resize(packed.size() - stream.avail_out);
  ::deflateEnd(&stream);
  if (status != Z_STREAM_END) throw std::runtime_error("deflate");
  return packed;
}

std::string zstd_packed(std::string_view text, int window_log) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&::ZSTD_freeCCtx)> context(::ZSTD_createCCtx(),
                                                                       &::ZSTD_freeCCtx);
  ::ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  if (window_log != 0) {
    // Without its size the frame says how large a window it needs.
    ::ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
    ::ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, window_log);
  }
  std::string packed(::ZSTD_compressBound(text.size()), '\0');
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  ZSTD_outBuffer out{packed.data(), packed.size(), 0};
  // In two steps, so that the size is not known when the frame begins.
  if (window_log != 0) {
    ::ZSTD_compressStream2(context.get(), &out, &in, ZSTD_e_continue);
  }
  if (::ZSTD_compressStream2(context.get(), &out, &in, ZSTD_e_end) != 0) {
    throw std::runtime_error("ZSTD_compressStream2");
  }
  packed.resize(out.pos);
  return packed;
}

}  // namespace weir::test
