#include "tests/plugin_out_of_tree/loader/plugin.hpp"

void weir_register(weir::SinkRegistry& registry) { register_loaded(registry); }
