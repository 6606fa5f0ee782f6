#include "tests/plugin_out_of_tree/loader/plugin.hpp"

const int weir_plugin_abi = WEIR_PLUGIN_ABI + 1;
void weir_register(weir::SinkRegistry& registry) { register_loaded(registry); }
