#pragma once

// LetterReader: the lines of one file, plain, `.gz` or `.zst`, with a bounded amount of memory.
//
// Threads: one at a time.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "router/base/fd.hpp"
#include "router/base/result.hpp"

namespace weir {

class LetterReader {
 public:
  /// The largest event in base64 fits. A longer line is passed over.
  static constexpr std::size_t kLineBytesMax = std::size_t{128} << 20;

  enum class Got : std::uint8_t {
    Line,
    Torn,     ///< The last line has no newline: somebody may be writing it.
    TooLong,  ///< Its bytes are not kept.
    End,
    Damaged,  ///< It cannot be read on: an error of the disk, or not what its name says.
  };

  /// `name` says by its end how the file is packed. Of a plain file, the first `bytes_max` are
  /// read. Anything but a regular file is refused.
  static Result<LetterReader> adopt(Fd file, const std::string& name,
                                    std::uint64_t bytes_max = UINT64_MAX);

  LetterReader(LetterReader&&) noexcept;
  LetterReader& operator=(LetterReader&&) noexcept;
  ~LetterReader();

  /// The next line, without its newline; until the next call.
  Got next(std::string_view& line);

  std::uint64_t line_number() const noexcept { return line_number_; }  ///< Of the last, from 1.

 private:
  class Bytes;
  class PlainBytes;
  class GzipBytes;
  class ZstdBytes;

  explicit LetterReader(std::unique_ptr<Bytes> bytes);
  bool fill();

  std::unique_ptr<Bytes> bytes_;
  std::string held_;
  std::size_t used_ = 0;      // Of held_: lines that were given.
  std::size_t searched_ = 0;  // Of held_: there is no newline before it.
  bool passes_over_ = false;
  bool ended_ = false;
  bool damaged_ = false;
  std::uint64_t line_number_ = 0;
};

}  // namespace weir
