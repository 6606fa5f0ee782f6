#include "plugins/file/file.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/file/rotated_name.hpp"
#include "router/base/clock.hpp"

namespace weir::file {
namespace {

ComponentSpec spec() {
  const auto option = [](std::string name, OptionType type, std::string fallback, std::string help,
                         std::vector<std::string> choices = {}) {
    return OptionSpec{.name = std::move(name),
                      .type = type,
                      .fallback = std::move(fallback),
                      .help = std::move(help),
                      .choices = std::move(choices)};
  };
  return {.scheme = "file",
          .address = AddressForm::Path,
          .help = "Appends events to files; `{field}` and `%Y-%m-%d` in the path choose which.",
          .options = {
              option("rotate", OptionType::Size, "",
                     "Starts a new file before this one would grow larger."),
              option("rotate_every", OptionType::Duration, "",
                     "Starts a new file at each multiple of this time, UTC."),
              option("keep", OptionType::Integer, "0",
                     "Rotated files of each path that are kept; 0 keeps all."),
              option("compress", OptionType::Choice, "none", "Compresses rotated files.",
                     {"none", "gzip", "zstd"}),
              option("sync", OptionType::Choice, "auto",
                     "When written events are forced to the disk: never, every `sync_interval`, or "
                     "before a batch is confirmed. auto: batch where a source tells its senders "
                     "that events are safe (http, forward, kafka), where the sink's spool is not "
                     "empty at the start, and for what commands send again; else never.",
                     {"auto", "never", "interval", "batch"}),
              option("sync_interval", OptionType::Duration, "1s", "With `sync=interval`."),
              option("max_open_files", OptionType::Integer, "256",
                     "Files held open; for one more, the least recently used is closed."),
              option("mode", OptionType::String, "0640", "Permissions of new files, octal."),
          }};
}

/// What the path looks like where every value is missing: its literal text, with `_` for values.
std::string skeleton(const Template& path) {
  std::size_t width = 0;
  for (const std::size_t column : path.columns()) width = std::max(width, column + 1);
  std::string text;
  path.render(std::vector<Value>(width), 0, text);
  return text;
}

/// The directory that no event can lead out of. Throws where the path has none.
std::string checked_directory(const Template& path, const Settings& settings) {
  const std::string text = skeleton(path);
  if (!text.starts_with('/')) throw settings.error("", "the path must be absolute");
  if (text.ends_with('/')) throw settings.error("", "the path ends in a directory, not in a file");
  if (text.find('\0') != std::string::npos) throw settings.error("", "a path cannot hold NUL");
  if ((text + '/').find("/../") != std::string::npos) {
    throw settings.error("", "`..` is not allowed in the path of a file sink");
  }
  const std::string_view literal = path.literal_prefix();
  std::string_view directory = literal.substr(0, literal.rfind('/'));
  while (directory.ends_with('/')) directory.remove_suffix(1);
  if (directory.empty()) {
    throw settings.error("", "the path must begin with a directory that is the same for all events",
                         "write it as file:///DIRECTORY/...");
  }
  return std::string(directory);
}

mode_t checked_mode(const Settings& settings) {
  const std::string& text = settings.string("mode");
  unsigned mode = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, mode, 8);
  if (error != std::errc{} || stopped != end || mode > 0777) {
    throw settings.error("mode", "\"" + text + "\" is not a file mode", "write it like 0640");
  }
  if ((mode & 0600) != 0600) {
    throw settings.error("mode", "the owner must be able to read and write the file");
  }
  return mode;
}

Options read_options(const Settings& settings, SinkContext& context) {
  Options options;
  options.path = Template::compile(settings.path(), settings, "", context);
  options.directory = checked_directory(options.path, settings);
  options.path_is_secret = settings.path_is_secret();
  options.rotate_bytes = settings.bytes("rotate");
  options.rotate_every_ns = std::chrono::nanoseconds(settings.duration("rotate_every")).count();
  options.keep = settings.integer("keep");
  const std::string& compression = settings.string("compress");
  options.compression = compression == "gzip"   ? Compression::Gzip
                        : compression == "zstd" ? Compression::Zstd
                                                : Compression::None;
  const std::string& sync = settings.string("sync");
  const bool is_batch = sync == "batch" || (sync == "auto" && context.is_relied_on());
  options.sync = is_batch ? Sync::Batch : sync == "interval" ? Sync::Interval : Sync::Never;
  options.sync_interval = settings.duration("sync_interval");
  options.open_files_max = settings.integer("max_open_files");
  options.mode = checked_mode(settings);
  return options;
}

void check_together(const Options& options, const Settings& settings) {
  constexpr std::int64_t kSecondNs = 1'000'000'000;
  if (settings.has("rotate_every") && options.rotate_every_ns < kSecondNs) {
    throw settings.error("rotate_every", "files cannot rotate more than once a second");
  }
  if (settings.has("rotate") && options.rotate_bytes == 0) {
    throw settings.error("rotate", "files cannot rotate at 0 bytes", "leave it out not to rotate");
  }
  if (options.open_files_max == 0) {
    throw settings.error("max_open_files", "at least one file must be open");
  }
  if (options.sync == Sync::Interval && options.sync_interval.count() == 0) {
    throw settings.error("sync_interval", "the interval cannot be 0", "sync=batch syncs at once");
  }
  if (!options.rotates() && options.tidies()) {
    throw settings.error(options.keep != 0 ? "keep" : "compress",
                         "has no effect on files that do not rotate", "add rotate or rotate_every");
  }
  const std::string text = skeleton(options.path);
  if (options.rotates() && name_of(text).find(kRotationMark) != std::string::npos) {
    throw settings.error("", "the name of a file that rotates cannot hold `@`",
                         "it marks the names of rotated files");
  }
}

}  // namespace

std::unique_ptr<Sink> make_sink(const Settings& settings, SinkContext& context,
                                std::shared_ptr<Io> io, FileSink::WallClock wall_clock) {
  Options options = read_options(settings, context);
  check_together(options, settings);
  return std::make_unique<FileSink>(std::move(options), Encoder(settings), context, std::move(io),
                                    std::move(wall_clock));
}

SinkPlugin plugin() {
  return {.spec = spec(), .make = [](const Settings& settings, SinkContext& context) {
            return make_sink(settings, context, std::make_shared<Io>(), &wall_clock_ns);
          }};
}

}  // namespace weir::file
