#pragma once

// release_code_pages: gives the pages of program and libraries back to the system that nobody needs
// once the start is over. They stay in the page cache, and what is used again is mapped again with
// a fault of a microsecond or less; but of 8 MiB that loading, relocating and reading a
// configuration touches, a router that runs needs less than half, and a sidecar's memory is counted
// by what it has mapped.
//
// Only segments that are never written: their pages are the file's.

namespace weir {

/// May be called at any time, on any thread.
void release_code_pages() noexcept;

}  // namespace weir
