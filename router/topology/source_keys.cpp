#include "router/topology/source_keys.hpp"

#include <utility>

#include "router/base/io.hpp"

namespace weir {
namespace {

struct Kept {
  Io io;  // Outlives the keys.
  std::unique_ptr<SeenKeys> keys;
};

}  // namespace

bool keeps_keys(const Settings& source) {
  return source.scheme() == "http" || source.scheme() == "forward";
}

std::string source_keys_path(const std::string& data_dir, const std::string& source) {
  return data_dir + "/sources/" + source;
}

std::shared_ptr<SeenKeys> open_source_keys(const Settings& source, const std::string& data_dir,
                                           SeenKeys::Limits limits) {
  if (data_dir.empty()) return std::make_shared<SeenKeys>(limits);
  const std::string directory = source_keys_path(data_dir, source.name());
  auto kept = std::make_shared<Kept>();
  auto keys = SeenKeys::open(limits, directory, kept->io);
  if (!keys) {
    const bool is_held = keys.error() == boost::system::errc::device_or_resource_busy;
    throw source.error("", "cannot keep keys in " + directory + ": " + keys.error().message(),
                       is_held ? "another weir writes there, or a source that a reload took away, "
                                 "and that still serves its last requests"
                               : "data_dir has to be writable");
  }
  kept->keys = std::move(*keys);
  return {kept, kept->keys.get()};
}

}  // namespace weir
