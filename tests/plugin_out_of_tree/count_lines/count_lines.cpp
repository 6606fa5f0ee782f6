// The `count_lines:///PATH` sink: keeps in PATH how many events there were for each value of
// the field that `by` names. A whole plugin: what it offers, what it does, and its two symbols.

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "router/sink/plugin.hpp"

namespace {

using weir::Delivery;
using weir::Result;
using weir::Settings;
using weir::SinkContext;

class CountLinesSink final : public weir::Sink {
 public:
  CountLinesSink(std::string path, std::size_t column) : path_(std::move(path)), column_(column) {}

  weir::SinkTraits traits() const noexcept override { return {.settles_in_write = true}; }
  Result<void> open() override { return save(); }

  void write(Delivery delivery) override {
    const auto before = counts_;
    for (std::size_t i = 0; i < delivery.batch().size(); ++i) {
      std::string key;
      delivery.batch().columns(i)[column_].append_to(key);
      ++counts_[key.empty() ? "none" : key];
    }
    if (const Result<void> saved = save(); saved.has_error()) {
      counts_ = before;  // The runner comes again with the same events.
      return std::move(delivery).retry(saved.error());
    }
    std::move(delivery).delivered();
  }

  void poll(std::chrono::milliseconds) override {}
  void close(weir::SteadyTime) noexcept override {}

 private:
  Result<void> save() const {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path_.c_str(), "w"),
                                                               &std::fclose);
    if (file == nullptr) return weir::last_error();
    for (const auto& [key, count] : counts_) {
      if (std::fprintf(file.get(), "%s %zu\n", key.c_str(), count) < 0) return weir::last_error();
    }
    return std::fflush(file.get()) == 0 ? Result<void>() : weir::last_error();
  }

  std::string path_;
  std::size_t column_;
  std::map<std::string, std::size_t> counts_;
};

std::unique_ptr<weir::Sink> make(const Settings& settings, SinkContext& context) {
  const std::size_t column = context.column(settings.string("by"), settings, "by");
  context.log_info("counting lines");
  return std::make_unique<CountLinesSink>(settings.path(), column);
}

}  // namespace

extern "C" {
extern const int weir_plugin_abi;
const int weir_plugin_abi = WEIR_PLUGIN_ABI;

void weir_register(weir::SinkRegistry& registry) {
  registry.add({.spec = {.scheme = "count_lines",
                         .address = weir::AddressForm::Path,
                         .help = "Counts events by a field.",
                         .options = {{.name = "by",
                                      .type = weir::OptionType::Expression,
                                      .help = "The field by whose values events are counted.",
                                      .required = true}}},
                .make = make});
}
}
