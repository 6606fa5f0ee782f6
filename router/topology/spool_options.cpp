#include "router/topology/spool_options.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstdint>

#include "router/spool/spool_directory.hpp"

namespace weir {
namespace {

constexpr std::size_t kSegmentBytesMin = 64 * 1024;
constexpr std::size_t kSegmentBytesMax = 1ULL << 30;
constexpr std::chrono::hours kRetainMax{24 * 365};

/// A name that is one part of a path, whatever the sink is called.
std::string directory_name(const std::string& name) {
  std::string safe;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || (c == '.' && !safe.empty());
    safe += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return safe;
}

}  // namespace

std::string spool_path(const std::string& data_dir, const std::string& sink) {
  return data_dir + "/spool/" + directory_name(sink);
}

bool has_spooled(const std::string& data_dir, const std::string& sink) {
  if (data_dir.empty()) return false;
  Io io;
  const Result<SpoolDirectory> directory = SpoolDirectory::open(io, spool_path(data_dir, sink));
  if (!directory) return directory.error().value() != ENOENT;
  const Result<std::vector<std::uint64_t>> segments = directory->segments();
  const std::string front = SpoolDirectory::name_of(SpoolDirectory::kFront);
  struct stat status {};
  return !segments || !segments->empty() ||
         io.fstatat(directory->fd(), front.c_str(), &status) == 0;
}

std::vector<OptionSpec> spool_option_specs() {
  return {
      {.name = "spool.bytes",
       .type = OptionType::Size,
       .fallback = "1GiB",
       .help = "The most that this sink's spool takes up on disk."},
      {.name = "spool.when_full",
       .type = OptionType::Choice,
       .fallback = "block",
       .help = "With a full spool or disk: stop reading (block), or drop and count.",
       .choices = {"block", "drop_newest", "drop_oldest"}},
      {.name = "spool.age",
       .type = OptionType::Duration,
       .fallback = "0s",
       .help = "Older segments are dropped and counted; 0s = never."},
      {.name = "spool.retain",
       .type = OptionType::Duration,
       .fallback = "0s",
       .help =
           "What was delivered is kept so long, for weir replay, as far as spool.bytes has room "
           "beside what waits; 0s = not at all."},
      {.name = "spool.segment",
       .type = OptionType::Size,
       .fallback = "16MiB",
       .help = "The length of the spool's files, allocated and deleted as a whole."},
      {.name = "spool.sync_bytes",
       .type = OptionType::Size,
       .fallback = "1MiB",
       .help = "What is written before it is synced, at most."},
      {.name = "spool.sync_interval",
       .type = OptionType::Duration,
       .fallback = "5ms",
       .help = "How long events that nobody waits for may gather before they are synced."},
  };
}

SpoolOptions read_spool_options(const Settings& settings, const std::string& data_dir) {
  SpoolOptions spool;
  spool.log.directory = spool_path(data_dir, settings.name());
  spool.log.bytes_max = settings.bytes("spool.bytes");
  spool.log.segment_bytes = settings.bytes("spool.segment");
  if (spool.log.segment_bytes < kSegmentBytesMin || spool.log.segment_bytes > kSegmentBytesMax) {
    throw settings.error("spool.segment", "expected a size from 64KiB to 1GiB");
  }
  if (spool.log.bytes_max / 2 < spool.log.segment_bytes) {
    throw settings.error("spool.bytes", "there has to be room for two segments",
                         "give it more, or make spool.segment smaller");
  }
  spool.sync_bytes = settings.bytes("spool.sync_bytes");
  spool.sync_interval = settings.duration("spool.sync_interval");
  spool.age = settings.duration("spool.age");
  const std::chrono::milliseconds retain = settings.duration("spool.retain");
  if (retain.count() != 0 && data_dir.empty()) {
    throw settings.error("spool.retain", "what is kept needs a place on disk",
                         "name one: data_dir: /var/lib/weir, or WEIR_DATA_DIR");
  }
  if (retain > kRetainMax) throw settings.error("spool.retain", "expected at most 8760h, a year");
  spool.log.retain = retain;
  const std::string& text = settings.string("spool.when_full");
  if (text == "drop_newest") spool.when_full = WhenSpoolFull::DropNewest;
  if (text == "drop_oldest") spool.when_full = WhenSpoolFull::DropOldest;
  return spool;
}

}  // namespace weir
