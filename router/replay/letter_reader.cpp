#include "router/replay/letter_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

namespace weir {
namespace {

constexpr std::size_t kStepBytes = 256 * 1024;

}  // namespace

/// What comes out of a file: read() returns how many bytes, 0 at the end, -1 where it is damaged.
class LetterReader::Bytes {
 public:
  virtual ~Bytes() = default;
  virtual ssize_t read(char* to, std::size_t size) = 0;
};

class LetterReader::PlainBytes final : public Bytes {
 public:
  PlainBytes(Fd file, std::uint64_t left) : file_(std::move(file)), left_(left) {}
  ssize_t read(char* to, std::size_t size) override {
    size = std::min<std::uint64_t>(size, left_);
    ssize_t got = -1;
    do {
      got = ::pread(file_.get(), to, size, offset_);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return got;
    offset_ += got;
    left_ -= static_cast<std::uint64_t>(got);
    return got;
  }

 private:
  const Fd file_;
  std::uint64_t left_;
  off_t offset_ = 0;
};

class LetterReader::GzipBytes final : public Bytes {
 public:
  explicit GzipBytes(Fd file) : file_(::gzdopen(file.get(), "rb")) {
    if (file_ != nullptr) file.release();
  }
  GzipBytes(const GzipBytes&) = delete;
  GzipBytes& operator=(const GzipBytes&) = delete;
  ~GzipBytes() override {
    if (file_ != nullptr) ::gzclose_r(file_);
  }
  ssize_t read(char* to, std::size_t size) override {
    if (file_ == nullptr) return -1;
    const int got = ::gzread(file_, to, static_cast<unsigned>(size));
    if (got != 0) return got;
    int error = Z_OK;
    ::gzerror(file_, &error);
    return error == Z_OK || error == Z_STREAM_END ? 0 : -1;
  }

 private:
  gzFile file_;
};

class LetterReader::ZstdBytes final : public Bytes {
 public:
  explicit ZstdBytes(Fd file) : file_(std::move(file), UINT64_MAX), room_(kStepBytes) {}
  ZstdBytes(const ZstdBytes&) = delete;
  ZstdBytes& operator=(const ZstdBytes&) = delete;
  ~ZstdBytes() override { ::ZSTD_freeDCtx(context_); }
  ssize_t read(char* to, std::size_t size) override {
    if (context_ == nullptr) return -1;
    ZSTD_outBuffer out{to, size, 0};
    while (out.pos == 0) {
      if (in_.pos == in_.size && !is_full_) {
        const ssize_t got = file_.read(room_.data(), room_.size());
        if (got <= 0) return got < 0 || inside_frame_ ? -1 : 0;
        in_ = {room_.data(), static_cast<std::size_t>(got), 0};
      }
      const std::size_t hint = ::ZSTD_decompressStream(context_, &out, &in_);
      if (::ZSTD_isError(hint) != 0) return -1;
      inside_frame_ = hint != 0;
      is_full_ = out.pos == out.size;  // There may be more that needs no input.
    }
    return static_cast<ssize_t>(out.pos);
  }

 private:
  PlainBytes file_;
  std::vector<char> room_;
  ZSTD_DCtx* const context_ = ::ZSTD_createDCtx();
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool inside_frame_ = false;
  bool is_full_ = false;
};

LetterReader::LetterReader(std::unique_ptr<Bytes> bytes) : bytes_(std::move(bytes)) {}
LetterReader::LetterReader(LetterReader&&) noexcept = default;
LetterReader& LetterReader::operator=(LetterReader&&) noexcept = default;
LetterReader::~LetterReader() = default;

Result<LetterReader> LetterReader::adopt(Fd file, const std::string& name,
                                         std::uint64_t bytes_max) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return last_error();
  if (!S_ISREG(status.st_mode)) return ErrorCode(EINVAL, boost::system::system_category());
  if (name.ends_with(".gz")) {
    return LetterReader(std::make_unique<GzipBytes>(std::move(file)));
  }
  if (name.ends_with(".zst")) {
    return LetterReader(std::make_unique<ZstdBytes>(std::move(file)));
  }
  bytes_max = std::min(bytes_max, static_cast<std::uint64_t>(status.st_size));
  return LetterReader(std::make_unique<PlainBytes>(std::move(file), bytes_max));
}

/// More bytes behind those that are held. False: there are none.
bool LetterReader::fill() {
  if (ended_) return false;
  held_.erase(0, used_);
  searched_ -= used_;
  used_ = 0;
  const std::size_t size = held_.size();
  held_.resize(size + kStepBytes);
  const ssize_t got = bytes_->read(held_.data() + size, kStepBytes);
  held_.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  ended_ = got <= 0;
  damaged_ = got < 0;
  return got > 0;
}

LetterReader::Got LetterReader::next(std::string_view& line) {
  while (true) {
    const std::size_t newline = held_.find('\n', searched_);
    if (newline != std::string::npos) {
      line = std::string_view(held_).substr(used_, newline - used_);
      used_ = searched_ = newline + 1;
      ++line_number_;
      if (!std::exchange(passes_over_, false)) return Got::Line;
      line = {};
      return Got::TooLong;
    }
    searched_ = held_.size();
    if (searched_ - used_ > kLineBytesMax) {
      passes_over_ = true;
      used_ = searched_;
    }
    if (fill()) continue;
    if (std::exchange(damaged_, false)) return Got::Damaged;
    if (used_ == held_.size() && !passes_over_) return Got::End;
    line = std::string_view(held_).substr(used_);
    used_ = searched_ = held_.size();
    ++line_number_;
    return std::exchange(passes_over_, false) ? Got::TooLong : Got::Torn;
  }
}

}  // namespace weir
