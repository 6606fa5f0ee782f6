#include "router/bench/verify_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "config/error.hpp"
#include "router/base/clock.hpp"
#include "router/base/fd.hpp"
#include "router/bench/generate/share.hpp"
#include "router/bench/verify/verifier.hpp"

namespace weir::bench {
namespace {

constexpr std::size_t kReadBytes = 256 << 10;

void read_all(const std::string& path, Lane& lane) {
  const Fd file(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string bytes(kReadBytes, '\0');
  while (true) {
    const ssize_t count = file ? ::read(file.get(), bytes.data(), bytes.size()) : -1;
    if (count == 0) return;
    if (count > 0) {
      lane.bytes({bytes.data(), static_cast<std::size_t>(count)}, wall_clock_ns());
    } else if (!file || errno != EINTR) {
      throw ConfigError({}, "cannot read " + path + ": " + std::strerror(errno), "");
    }
  }
}

}  // namespace

StreamsVerdict verify_files(const std::vector<std::string>& files,
                            std::optional<std::uint64_t> events, std::uint32_t connections) {
  Verifier verifier(std::nullopt);
  for (const std::string& file : files) {
    Lane& lane = verifier.lane(file);
    read_all(file, lane);
    lane.end();  // A file's last line ends with it, and is not glued to the next one's first.
  }
  std::map<std::uint32_t, std::uint64_t> issued;
  for (std::uint32_t i = 0; events && i < connections; ++i) {
    issued.emplace(i, share_of(*events, connections, i));
  }
  Verdict verdict = verifier.verdict(issued);
  verdict.latency = {};  // When a file was read says nothing.
  for (StreamVerdict& stream : verdict.streams) stream.latency.reset();
  // Asked without a number, every whole one counts as delivered.
  const std::uint64_t whole = verifier.verdict({}).all.delivered;
  const std::uint64_t more = whole - verdict.all.delivered;
  return {.verdict = std::move(verdict), .more_than_events = more};
}

Verdict verify_files(const std::vector<std::string>& files, std::optional<std::uint64_t> events) {
  return verify_files(files, events, 1).verdict;
}

}  // namespace weir::bench
