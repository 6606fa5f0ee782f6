#include "tests/conformance/rig.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "config/load.hpp"
#include "plugins/builtin.hpp"
#include "router/base/assert.hpp"
#include "router/topology/schema.hpp"
#include "tests/support/await.hpp"
#include "tests/support/temp_dir.hpp"

namespace weir::test {

using std::chrono::milliseconds;

Delivery SettledBatches::hand_out(Batch batch) {
  handed_out_.push_back(next_ticket_);
  return Delivery(std::move(batch), next_ticket_++, *this);
}

Delivery SettledBatches::hand_out_again(Settled again) {
  handed_out_.push_back(again.ticket);
  return Delivery(std::move(again.batch), again.ticket, *this);
}

void SettledBatches::settle(Batch batch, std::uint64_t ticket, Fate fate) noexcept {
  const auto at = std::find(handed_out_.begin(), handed_out_.end(), ticket);
  WEIR_ASSERT(at != handed_out_.end());
  handed_out_.erase(at);
  settled.push_back({std::move(batch), ticket, std::move(fate)});
}

Settings settings_of(const std::vector<std::string>& yaml) {
  const TempDir directory;
  std::string text = "sources: {in: stdin}\nsinks:\n  under_test:\n";
  for (const std::string& line : yaml) text += "    " + line + "\n";
  directory.write("weir.yaml", text);
  SinkRegistry registry;
  register_builtin(registry);
  const Config config =
      load({.config_file = directory / "weir.yaml"}, {}, make_schema(registry), {});
  return config.sinks.at(0);
}

Rig::Rig(const SinkPlugin& plugin, const DestinationRow& row, std::vector<std::string> more)
    : plugin_(plugin), more_(std::move(more)), destination_(row.make()) {}

void Rig::make_sink() {
  std::vector<std::string> yaml = destination_->yaml();
  yaml.insert(yaml.begin() + 1, more_.begin(), more_.end());
  settings_ = std::make_unique<Settings>(settings_of(yaml));
  sink_ = plugin_.make(*settings_, context_);
}

Batch Rig::batch_of(const std::vector<std::string>& events) {
  builders_.push_back(std::make_unique<BatchBuilder>(context_.columns.size()));
  BatchBuilder& builder = *builders_.back();
  const std::vector<Value> values = {
      Value(),       builder.text("te\xFFxt"), Value::of(std::int64_t{7}),
      Value::null(), Value::of(0.5),           Value::of(true)};
  for (std::size_t i = 0; i < events.size(); ++i) {
    std::vector<Value> columns;
    for (std::size_t c = 0; c < context_.columns.size(); ++c) {
      columns.push_back(values[(i + c) % values.size()]);
    }
    // Every third event ends its block, or the source took its newline away.
    builder.add({.newline_follows = i % 3 != 2}, events[i], columns);
  }
  return builder.take();
}

bool Rig::open() {
  return await([this] { return sink_->open().has_value(); });
}

bool Rig::write(Batch batch) {
  if (owner_.out() == sink_->traits().deliveries_max) return false;
  sink_->write(owner_.hand_out(std::move(batch)));
  return true;
}

bool Rig::deliver(std::vector<Batch> batches, const std::function<void()>& after_each) {
  std::deque<Delivery> waiting;
  for (Batch& batch : batches) waiting.push_back(owner_.hand_out(std::move(batch)));
  std::size_t in_hand = 0;
  std::size_t delivered = 0;
  std::vector<SettledBatches::Settled> returned;
  // Every time that it was called, the sink may have settled some.
  const auto look = [&] {
    for (SettledBatches::Settled& each : std::exchange(owner_.settled, {})) {
      --in_hand;
      if (each.fate.delivered) {
        ++delivered;
      } else {
        returned.push_back(std::move(each));
      }
    }
    destination_->pump();
    after_each();
  };
  return await([&] {
    while (returned.empty() && !waiting.empty() && in_hand < sink_->traits().deliveries_max) {
      ++in_hand;
      Delivery next = std::move(waiting.front());
      waiting.pop_front();
      sink_->write(std::move(next));
      look();
    }
    sink_->poll(milliseconds(2));
    look();
    if (!returned.empty() && in_hand == 0 && sink_->open().has_value()) {
      std::sort(returned.begin(), returned.end(),
                [](const auto& a, const auto& b) { return a.ticket > b.ticket; });
      for (auto& each : returned) waiting.push_front(owner_.hand_out_again(std::move(each)));
      returned.clear();
    }
    return delivered == batches.size();
  });
}

}  // namespace weir::test
