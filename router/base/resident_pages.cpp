#include "router/base/resident_pages.hpp"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace weir {
namespace {

int release_object(dl_phdr_info* object, std::size_t, void*) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t from = (object->dlpi_addr + segment.p_vaddr) / page * page;
    const std::uintptr_t to = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    // The kernel's own page of code (vdso) is refused, which is as well.
    ::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void release_code_pages() noexcept { ::dl_iterate_phdr(release_object, nullptr); }

}  // namespace weir
