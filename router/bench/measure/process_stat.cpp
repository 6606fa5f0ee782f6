#include "router/bench/measure/process_stat.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>

#include "router/base/fd.hpp"

namespace weir::bench {
namespace {

// A stat has 52 numbers, a status about 60 lines: both are far shorter.
constexpr std::size_t kFileBytesMax = 16 * 1024;

/// The file's content; "" where it cannot be read, be it that the process has ended meanwhile.
std::string content_of(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return {};
  std::string text(kFileBytesMax, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {};
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

/// The entries of a directory that are numbers.
std::vector<pid_t> numbers_in(const std::string& directory) {
  std::vector<pid_t> numbers;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), &::closedir);
  if (open == nullptr) return numbers;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    pid_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size()) numbers.push_back(number);
  }
  return numbers;
}

std::string folder_of(pid_t pid) { return "/proc/" + std::to_string(pid); }

/// Takes the fields of a line one by one.
class Fields {
 public:
  explicit Fields(std::string_view text) : text_(text) {}

  std::string_view next() {
    while (text_.starts_with(' ')) text_.remove_prefix(1);
    const std::string_view field = text_.substr(0, text_.find_first_of(" \n"));
    text_.remove_prefix(field.size());
    return field;
  }

  template <class Number>
  Number number() {
    const std::string_view field = next();
    Number value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    good_ = good_ && error == std::errc() && end == field.data() + field.size() && !field.empty();
    return value;
  }

  void skip(int count) {
    for (int i = 0; i < count; ++i) next();
  }

  bool good() const noexcept { return good_; }

 private:
  std::string_view text_;
  bool good_ = true;
};

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
  // Field 2 is a name in parentheses, and may itself hold blanks and parentheses.
  const std::size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string_view::npos) return std::nullopt;
  ProcessStat stat;
  stat.pid = Fields(text).number<pid_t>();
  Fields fields(text.substr(end_of_name + 1));
  const std::string_view state = fields.next();  // 3
  if (state.size() != 1) return std::nullopt;
  stat.state = state[0];
  stat.parent = fields.number<pid_t>();                 // 4
  fields.skip(9);                                       // 5-13
  stat.own.user = fields.number<std::uint64_t>();       // 14
  stat.own.system = fields.number<std::uint64_t>();     // 15
  stat.reaped.user = fields.number<std::uint64_t>();    // 16
  stat.reaped.system = fields.number<std::uint64_t>();  // 17
  fields.skip(2);                                       // 18, 19
  stat.threads = fields.number<std::uint64_t>();        // 20
  fields.skip(1);                                       // 21
  stat.start_ticks = fields.number<std::uint64_t>();    // 22
  fields.skip(1);                                       // 23
  stat.rss_pages = fields.number<std::uint64_t>();      // 24
  if (!fields.good()) return std::nullopt;
  return stat;
}

std::optional<std::uint64_t> status_number(std::string_view text, std::string_view field) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.starts_with(field) || !line.substr(field.size()).starts_with(':')) continue;
    const std::string_view rest = line.substr(field.size() + 1);
    const std::size_t begin = rest.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return std::nullopt;
    std::uint64_t number = 0;
    const auto [end, error] =
        std::from_chars(rest.data() + begin, rest.data() + rest.size(), number);
    return error == std::errc() ? std::optional(number) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<ProcessStat> read_process_stat(pid_t pid) {
  return parse_process_stat(content_of(folder_of(pid) + "/stat"));
}

std::string read_process_status(pid_t pid) { return content_of(folder_of(pid) + "/status"); }

std::string read_thread_status(pid_t pid, pid_t thread) {
  return content_of(folder_of(pid) + "/task/" + std::to_string(thread) + "/status");
}

std::vector<pid_t> all_processes() { return numbers_in("/proc"); }

std::vector<pid_t> threads_of(pid_t pid) { return numbers_in(folder_of(pid) + "/task"); }

double ticks_per_second() noexcept { return static_cast<double>(::sysconf(_SC_CLK_TCK)); }

std::uint64_t page_bytes() noexcept { return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)); }

}  // namespace weir::bench
