#include "router/main/spool_export.hpp"

#include <cstring>
#include <ostream>
#include <string>

#include "router/base/memory_budget.hpp"
#include "router/base/rfc3339.hpp"
#include "router/sink/json_text.hpp"
#include "router/spool/record.hpp"

namespace weir {
namespace {

// A frame at a time is in memory: as much as the largest payload, and the segment it came from.
constexpr std::size_t kMemoryBytes = 2 * spool::kPayloadBytesMax;

void append_json(const Event& event, const Origin& origin, std::uint64_t sequence,
                 std::string& to) {
  to += R"({"source":)";
  append_json_string(*origin.source, to);
  to += R"(,"received":")";
  append_rfc3339(origin.received_ns, to);
  to += R"(","sequence":)" + std::to_string(sequence) + R"(,"event":)";
  append_json_string(event.bytes(), to);
  to += "}\n";
}

}  // namespace

Result<SpoolSurvey> export_spool(const SpoolDirectory& directory, const SpoolExport& what,
                                 std::ostream& out) {
  MemoryBudget memory(kMemoryBytes);
  BlockPool blocks(memory, 64 * 1024, 1);
  SourceNames names;
  const auto write = [&](const SurveyedFrame& frame) {
    if (frame.waits ? !what.waiting : !what.kept) return true;
    const BlockRef block = blocks.acquire_exact(frame.payload.size());
    if (!block) return false;
    std::memcpy(block->data(), frame.payload.data(), frame.payload.size());
    Batch batch;
    const std::string_view payload(block->data(), frame.payload.size());
    const std::uint32_t count = frame.header.event_count;
    if (!spool::read_payload(payload, count, block, names, nullptr, batch)) return true;
    std::string text;
    std::uint64_t sequence = frame.header.first_sequence;
    for (const Event& event : batch.events()) {
      const Origin& origin = batch.origin(event);
      const std::uint64_t number = sequence++;
      if (origin.received_ns < what.from_ns || origin.received_ns >= what.to_ns) continue;
      if (what.json) {
        append_json(event, origin, number, text);
      } else {
        text.append(event.bytes()).push_back('\n');
      }
    }
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    return static_cast<bool>(out);
  };
  return survey_spool(directory, write);
}

}  // namespace weir
