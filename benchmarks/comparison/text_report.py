"""What a person sees on the terminal while the comparison goes on."""

from .units import engineering, plain
from .verdict import FAILED, MEASURED


def print_case(case):
    print(f"\n{case['name']}: {case['title']}")
    order = case["ranking"]
    for name in order + [each for each in case["routers"] if each not in order]:
        print(f"  {name:<12}{outcome_text(case['routers'][name])}")


def outcome_text(result):
    if result["status"] == FAILED:
        return f"FAILED: {result['reason']}"
    if result["status"] != MEASURED:
        return f"{result['status']}: {result['reason']}"
    medians = result["medians"]
    words = [spread_text(medians["events_per_second"], "events/s"),
             f"{medians['bytes_per_second']['median'] / 1e6:.0f} MB/s"]
    if "cpu_seconds_per_gb" in medians:
        words.append(f"{medians['cpu_seconds_per_gb']['median']:.2f} CPU-s/GB")
    if "peak_rss_bytes" in medians:
        words.append(f"{medians['peak_rss_bytes']['median'] / (1 << 20):.1f} MiB")
    if "latency_ms.p99" in medians:
        words.append(f"p99 {plain(medians['latency_ms.p99']['median'])} ms")
    if medians.get("lost", {}).get("median"):
        words.append(f"lost {medians['lost']['median'] / medians['issued']['median']:.1%}")
    return ", ".join(words) + (f" ({result['reason']})" if result["reason"] else "")


def spread_text(spread, unit):
    return (f"{engineering(spread['median'])} "
            f"[{engineering(spread['min'])} - {engineering(spread['max'])}] {unit}")


def print_series(series):
    print(f"\n{series['name']}: {series['axis']}")
    for point in series["points"]:
        shared = " (cores shared with the load generator)" if point["cores_shared"] else ""
        print(f"  {point['x']:>8}  {outcome_text(point)}{shared}")
