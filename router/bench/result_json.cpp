#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "router/bench/bench_result.hpp"

namespace weir::bench {
namespace {

namespace json = boost::json;

json::object counts_object(const Counts& counts) {
  return {{"issued", counts.issued},
          {"collected", counts.delivered},
          {"lost", counts.lost},
          {"duplicated", counts.duplicated},
          {"reordered", counts.reordered},
          {"corrupted", counts.corrupted},
          {"torn", counts.torn}};
}

json::object latency_object(const Latencies& latency) {
  const auto ms = [](std::int64_t ns) { return static_cast<double>(ns) / 1e6; };
  return {{"p50", ms(latency.p50)},     {"p90", ms(latency.p90)},       {"p99", ms(latency.p99)},
          {"p99.9", ms(latency.p99_9)}, {"p99.99", ms(latency.p99_99)}, {"max", ms(latency.max)}};
}

void add_verdict(json::object& object, const Verdict& verdict) {
  object["issued_known"] = verdict.issued_known;
  object["foreign"] = verdict.foreign;
  object["unnamed"] = verdict.unnamed;
  if (verdict.latency.count != 0) object["latency_ms"] = latency_object(verdict.latency);
  json::array streams;
  for (const StreamVerdict& each : verdict.streams) {
    json::object stream = counts_object(each.counts);
    stream["stream"] = each.stream;
    json::array lost;
    for (const SequenceRange& range : each.lost) lost.push_back({range.first, range.last});
    if (!lost.empty()) stream["lost_ranges"] = std::move(lost);
    if (each.latency) stream["latency_ms"] = latency_object(*each.latency);
    streams.push_back(std::move(stream));
  }
  object["streams"] = std::move(streams);
  json::array troubles;
  for (const Trouble& trouble : verdict.troubles) troubles.emplace_back(to_text(trouble));
  object["troubles"] = std::move(troubles);
  json::array added;
  for (const std::string& name : verdict.fields_added) added.emplace_back(name);
  object["fields_added"] = std::move(added);
}

void add_usage(json::object& object, const Usage& usage, double gigabytes) {
  const double cpu_seconds = usage.user_seconds + usage.system_seconds;
  object["cpu_seconds"] = cpu_seconds;
  object["user_seconds"] = usage.user_seconds;
  object["system_seconds"] = usage.system_seconds;
  if (gigabytes > 0) object["cpu_seconds_per_gb"] = cpu_seconds / gigabytes;
  object["peak_rss_bytes"] = usage.peak_rss_bytes;
  object["mean_rss_bytes"] = usage.mean_rss_bytes;
  object["voluntary_switches"] = usage.voluntary_switches;
  object["involuntary_switches"] = usage.involuntary_switches;
  json::array memory;
  for (const MemorySample& sample : usage.memory) {
    memory.push_back({sample.seconds, sample.rss_bytes});
  }
  object["memory"] = std::move(memory);
}

}  // namespace

std::string to_json(const BenchResult& result, bool allow_loss) {
  // Without a collector the others would be zeros that nobody has counted.
  json::object object = result.verdict ? counts_object(result.verdict->all) : json::object();
  if (!result.verdict) object["issued"] = result.issued_events;
  object["issued_bytes"] = result.issued_bytes;
  object["send_seconds"] = result.send_seconds;
  object["seconds"] = result.seconds;
  if (result.seconds > 0) {
    const double rate = static_cast<double>(result.delivered()) / result.seconds;
    object["events_per_second"] = rate;
    object["bytes_per_second"] = rate * result.bytes_per_event();
  }
  if (result.usage) {
    const double bytes = static_cast<double>(result.delivered()) * result.bytes_per_event();
    add_usage(object, *result.usage, bytes / 1e9);
  }
  if (result.verdict) add_verdict(object, *result.verdict);
  if (result.subject_exit_code) object["exit_code"] = *result.subject_exit_code;
  json::array failures;
  for (const std::string& failure : result.failures) failures.emplace_back(failure);
  object["failures"] = std::move(failures);
  json::array notes;
  for (const std::string& note : result.notes) notes.emplace_back(note);
  if (!notes.empty()) object["notes"] = std::move(notes);
  object["valid"] = result.valid();
  object["passed"] = result.passed(allow_loss);
  return json::serialize(object) + '\n';
}

}  // namespace weir::bench
