#include "tests/plugin_out_of_tree/loader/plugin.hpp"

/// As if from another version of weir: nobody defines it.
void gone_with_the_last_version();

const int weir_plugin_abi = WEIR_PLUGIN_ABI;
void weir_register(weir::SinkRegistry& registry) {
  gone_with_the_last_version();
  register_loaded(registry);
}
