#include "router/topology/plugin_loader.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace weir {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw std::runtime_error(fmt::format("plugin {}: {}", path, why));
}

/// Others than its owner and group may change it. In a directory with the sticky bit they may not
/// replace what is not theirs.
bool others_may_change(const std::string& path, bool is_directory) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) refuse(path, std::strerror(errno));
  if ((status.st_mode & S_IWOTH) == 0) return false;
  return !is_directory || (status.st_mode & S_ISVTX) == 0;
}

/// The file that will be loaded: absolute, without symlinks, so that nothing is searched for.
std::string checked_file(const std::string& path) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  if (error) refuse(path, error.message());
  if (!std::filesystem::is_regular_file(real)) refuse(path, "not a file");
  if (others_may_change(real.string(), false)) {
    refuse(path, "everyone may write to this file, so it is not loaded (chmod o-w)");
  }
  if (others_may_change(real.parent_path().string(), true)) {
    refuse(path, "everyone may write to its directory, so it is not loaded (chmod o-w)");
  }
  return real.string();
}

}  // namespace

void load_plugin(const std::string& path, SinkRegistry& registry) {
  void* const handle = ::dlopen(checked_file(path).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    // dlerror names the file and, where it was built against another weir, the missing symbol.
    const std::string why = ::dlerror();
    const bool is_symbol = why.find("undefined symbol") != std::string::npos;
    refuse(path, why + (is_symbol ? " (was it built for another version of weir?)" : ""));
  }
  const auto* const abi = static_cast<const int*>(::dlsym(handle, "weir_plugin_abi"));
  if (abi == nullptr) {
    ::dlclose(handle);
    refuse(path, "not a plugin of weir: it has no symbol weir_plugin_abi");
  }
  if (*abi != WEIR_PLUGIN_ABI) {
    const int built_for = *abi;
    ::dlclose(handle);
    refuse(path, fmt::format("built for plugin interface {}, and this weir has {}: build it anew",
                             built_for, WEIR_PLUGIN_ABI));
  }
  using Register = void (*)(SinkRegistry&);
  const auto register_plugin = reinterpret_cast<Register>(::dlsym(handle, "weir_register"));
  if (register_plugin == nullptr) {
    ::dlclose(handle);
    refuse(path, "it has no function weir_register");
  }
  // From here on it stays loaded, whatever happens: the registry may hold functions of it.
  std::string why;
  try {
    return register_plugin(registry);
  } catch (const std::exception& error) {
    why = error.what();
  } catch (...) {
    why = "its registration failed without a reason";
  }
  refuse(path, why);
}

}  // namespace weir
