# One interface target that every target of ours links: warnings, hardening, sanitizers.
add_library(weir_options INTERFACE)
target_include_directories(weir_options INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                                                  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/weir>)
target_compile_options(weir_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                                              -Wno-missing-field-initializers)
# GCC 12 sees faults in its own std::string and optional (bugs 105329 and 105562) where there are
# none, and Asio's fences under the thread sanitizer, which that knows how to do without.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(weir_options INTERFACE -Wno-restrict -Wno-maybe-uninitialized -Wno-tsan)
endif()
if(WEIR_WERROR)
  target_compile_options(weir_options INTERFACE -Werror)
endif()

# The default build runs on any x86-64 with SSE4.2 (v2, 2009 and later); simdjson and glibc pick
# their kernels at run time.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(weir_options INTERFACE -march=x86-64-v2)
endif()

# What nobody calls is left out of the program: see router/main/CMakeLists.txt.
target_compile_options(weir_options INTERFACE -ffunction-sections -fdata-sections)

if(WEIR_SANITIZE)
  target_compile_options(weir_options INTERFACE -fsanitize=${WEIR_SANITIZE}
                                                -fno-omit-frame-pointer
                                                -fno-sanitize-recover=all)
  target_link_options(weir_options INTERFACE -fsanitize=${WEIR_SANITIZE})
else()
  target_compile_options(weir_options INTERFACE -fstack-protector-strong -fcf-protection=full
                                                -U_FORTIFY_SOURCE
                                                $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
  target_link_options(weir_options INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed)
endif()
