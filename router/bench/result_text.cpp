#include <fmt/format.h>

#include "router/bench/bench_result.hpp"
#include "router/telemetry/text_table.hpp"

namespace weir::bench {
namespace {

constexpr std::size_t kStreamsShown = 8;
constexpr std::size_t kTroublesShown = 5;

double ratio(double a, double b) { return b > 0 ? a / b : 0; }

std::string milliseconds(std::int64_t ns) {
  return fmt::format("{:.3f}", static_cast<double>(ns) / 1e6);
}

void add_counts(TextTable& table, const std::string& name, const Counts& counts) {
  table.add({name, grouped(counts.issued), grouped(counts.delivered), grouped(counts.lost),
             grouped(counts.duplicated), grouped(counts.reordered), grouped(counts.corrupted),
             grouped(counts.torn)});
}

std::string ranges_text(const StreamVerdict& stream) {
  std::string text;
  for (const SequenceRange& range : stream.lost) {
    if (!text.empty()) text += ", ";
    text += range.first == range.last ? fmt::format("{}", range.first)
                                      : fmt::format("{}-{}", range.first, range.last);
  }
  return text;
}

std::string verdict_text(const Verdict& verdict) {
  TextTable table(
      {"stream", "issued", "delivered", "lost", "duplicated", "reordered", "corrupted", "torn"});
  if (verdict.streams.size() > 1 && verdict.streams.size() <= kStreamsShown) {
    for (const StreamVerdict& each : verdict.streams) {
      add_counts(table, std::to_string(each.stream), each.counts);
    }
  }
  add_counts(table, "all", verdict.all);
  std::string text = '\n' + table.to_string();
  if (!verdict.issued_known) text += "  issued is what the highest sequences tell\n";
  if (verdict.unnamed != 0) {
    text += "  " + grouped(verdict.unnamed) +
            " corrupted or torn do not say which they are; as many missing are not called lost\n";
  }
  if (verdict.foreign != 0) text += "  other lines   " + grouped(verdict.foreign) + '\n';
  std::size_t shown = 0;
  for (const StreamVerdict& each : verdict.streams) {
    if (each.lost.empty() || ++shown > kStreamsShown) continue;
    text += fmt::format("  missing of stream {}: {}{}\n", each.stream, ranges_text(each),
                        each.lost.size() > 1 ? ", …" : "");
  }
  shown = 0;
  for (const Trouble& trouble : verdict.troubles) {
    if (++shown <= kTroublesShown) text += "  " + to_text(trouble) + '\n';
  }
  if (!verdict.fields_added.empty()) {
    text += "  fields that the router added:";
    for (const std::string& name : verdict.fields_added) text += ' ' + name;
    text += '\n';
  }
  const Latencies& latency = verdict.latency;
  if (latency.count != 0) {
    text += fmt::format(
        "\nlatency, ms    p50 {}   p90 {}   p99 {}   p99.9 {}   p99.99 {}   max {}\n",
        milliseconds(latency.p50), milliseconds(latency.p90), milliseconds(latency.p99),
        milliseconds(latency.p99_9), milliseconds(latency.p99_99), milliseconds(latency.max));
  }
  return text;
}

/// How the router ended, where that is not as it should be.
std::string exit_text(int exit_code) {
  constexpr int kBySignal = 128;  // As a shell would say it.
  if (exit_code > kBySignal) {
    return fmt::format("router         ended by signal {} (exit code {})\n", exit_code - kBySignal,
                       exit_code);
  }
  return fmt::format("router         ended with exit code {}\n", exit_code);
}

std::string usage_text(const BenchResult& result, const Usage& usage) {
  const double cpu_seconds = usage.user_seconds + usage.system_seconds;
  const double gigabytes = static_cast<double>(result.delivered()) * result.bytes_per_event() / 1e9;
  std::string text = fmt::format("cpu            {:.2f} s ({:.2f} user, {:.2f} system)",
                                 cpu_seconds, usage.user_seconds, usage.system_seconds);
  if (gigabytes > 0) {
    text += fmt::format(", {:.3f} s per GB", cpu_seconds / gigabytes);
  }
  text += fmt::format("\nmemory         {} at most, {} on average\n",
                      human_bytes(static_cast<double>(usage.peak_rss_bytes)),
                      human_bytes(static_cast<double>(usage.mean_rss_bytes)));
  return text + fmt::format("switches       {} voluntary, {} involuntary\n",
                            grouped(usage.voluntary_switches), grouped(usage.involuntary_switches));
}

/// "lost 1,000, torn 3": the counts that are faults.
std::string faults_text(const BenchResult& result, bool allow_loss) {
  if (!result.verdict) return "";
  const Counts& all = result.verdict->all;
  std::string text;
  const auto add = [&](const char* name, std::uint64_t count) {
    if (count != 0) text += (text.empty() ? "" : ", ") + (name + (' ' + grouped(count)));
  };
  if (!allow_loss || all.delivered == 0) add("lost", all.lost);
  add("duplicated", all.duplicated);
  add("reordered", all.reordered);
  add("corrupted", all.corrupted);
  add("torn", all.torn);
  return text;
}

std::string conclusion_text(const BenchResult& result, bool allow_loss) {
  const std::string faults = faults_text(result, allow_loss);
  if (result.passed(allow_loss)) return "PASSED\n";
  if (result.valid()) return "FAILED" + (faults.empty() ? "" : "   " + faults) + '\n';
  if (!faults.empty()) return "FAILED   no event came out as it was sent: " + faults + '\n';
  return "INVALID  nothing was exercised: no event came out, so no figure means anything\n";
}

}  // namespace

std::string to_text(const BenchResult& result, bool allow_loss) {
  std::string text;
  if (result.issued_events != 0) {
    text += fmt::format("issued         {} events, {} in {:.3f} s\n", grouped(result.issued_events),
                        human_bytes(static_cast<double>(result.issued_bytes)), result.send_seconds);
  }
  if (result.untaken_bytes != 0) {
    text += fmt::format("not taken      {} that the peer did not take\n",
                        human_bytes(static_cast<double>(result.untaken_bytes)));
  }
  if (result.seconds > 0) {
    const double rate = ratio(static_cast<double>(result.delivered()), result.seconds);
    text += fmt::format("{}      {} events in {:.3f} s: {} events/s, {}/s\n",
                        result.verdict ? "delivered" : "taken    ", grouped(result.delivered()),
                        result.seconds, grouped(static_cast<std::uint64_t>(rate)),
                        human_bytes(rate * result.bytes_per_event()));
  }
  if (result.usage) text += usage_text(result, *result.usage);
  if (result.verdict) text += verdict_text(*result.verdict);
  if (result.subject_exit_code.value_or(0) != 0) text += exit_text(*result.subject_exit_code);
  for (const std::string& note : result.notes) text += "note     " + note + '\n';
  for (const std::string& failure : result.failures) text += "FAILED   " + failure + '\n';
  return text + conclusion_text(result, allow_loss);
}

}  // namespace weir::bench
