#include "tests/plugin_out_of_tree/loader/plugin.hpp"

#include <stdexcept>

const int weir_plugin_abi = WEIR_PLUGIN_ABI;
void weir_register(weir::SinkRegistry&) { throw std::runtime_error("the licence has run out"); }
