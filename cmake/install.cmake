# What `cmake --install` puts where: the program, and what a plugin's author needs to build a sink
# without this tree: the headers of the plugin interface and the package `weir`.
include(CMakePackageConfigHelpers)

if(TARGET weir)
  install(TARGETS weir RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

install(FILES README.md ARCHITECTURE.md CHANGELOG.md LICENSE
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES config/weir.yaml config/weir.schema.json DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY config/examples DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The headers that router/sink/plugin.hpp, sink.hpp, template.hpp and encoder.hpp are made of. The
# code behind them is in the program, which exports it to the plugins that it loads.
foreach(header
        config/error.hpp config/option.hpp config/settings.hpp
        router/base/assert.hpp router/base/batch.hpp router/base/block.hpp router/base/clock.hpp
        router/base/io.hpp router/base/limits.hpp router/base/memory_budget.hpp
        router/base/peer.hpp router/base/reason.hpp router/base/receipt.hpp router/base/result.hpp router/base/severity.hpp router/base/value.hpp
        router/sink/encoder.hpp router/sink/plugin.hpp router/sink/sink.hpp
        router/sink/template.hpp)
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/weir/${folder})
endforeach()

# weir::plugin: what a plugin links. It brings include paths and the language, no code.
add_library(weir_plugin INTERFACE)
set_target_properties(weir_plugin PROPERTIES EXPORT_NAME plugin)
target_compile_features(weir_plugin INTERFACE cxx_std_20)
target_include_directories(weir_plugin
  INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/weir>)
target_link_libraries(weir_plugin INTERFACE Boost::headers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weir)
install(TARGETS weir_plugin EXPORT weir)
install(EXPORT weir NAMESPACE weir:: FILE weir-targets.cmake DESTINATION ${package_dir})
configure_package_config_file(cmake/weir-config.cmake.in ${PROJECT_BINARY_DIR}/weir-config.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
# Before 1.0 each minor version may change the interface; the number that counts is
# WEIR_PLUGIN_ABI, which is compared when a plugin is loaded.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/weir-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/weir-config.cmake ${PROJECT_BINARY_DIR}/weir-config-version.cmake
  DESTINATION ${package_dir})
