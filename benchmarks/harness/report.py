"""What a run of the benchmarks leaves behind: a table for people, JSON for programs."""

import json


LOAD_MAX = 0.5  # Of a machine that is idle but for this; the benchmarks before it count, too.
UNITS = {"mb_per_cpu_second": "MB per CPU-s", "mb_per_second": "MB/s", "cpu_seconds": "CPU-s",
         "events_per_cpu_second": "events per CPU-s", "events_per_second": "events/s",
         "p50_us": "microseconds p50", "idle_rss_bytes": "bytes idle", "ready_ms": "ms to ready"}


def write_json(path, machine, results):
    path.parent.mkdir(parents=True, exist_ok=True)
    report = {"machine": machine, "cases": results}
    path.write_text(json.dumps(report, indent=1, default=str) + "\n")


def print_machine(machine):
    shared = ", SHARED by generator and program" if machine["cores_shared"] else ""
    where = "memory" if machine["scratch_is_tmpfs"] else "disk"
    print(f"machine   {machine['processor']}, {machine['cores']} cores{shared}, "
          f"{machine['memory_bytes'] >> 30} GiB, Linux {machine['kernel']}"
          + (", virtual" if machine["virtual"] else ""))
    print(f"input     {machine['input']}")
    print(f"files     {machine['scratch']} ({where})")
    load = machine["load_before"]
    print(f"revision  {machine['revision']}, load {load:.1f} before the start")
    if load > LOAD_MAX:
        print("BUSY      others use this machine: MB/s and latencies say nothing, and what is per "
              "CPU-second\n          only as a ratio")


def print_table(results):
    for result in results:
        print(f"\n{result['name']}: {result['title']}")
        if result["status"] != "measured":
            print(f"  {result['status'].upper()}: {result['reason']}")
            continue
        for side, figures in result["medians"].items():
            print(f"  {side:<12}{side_text(result['shown'], figures)}")
        for target in result["targets"]:
            print(f"  {target_text(target)}")
        for note in result["notes"]:
            print(f"  {note}")


def side_text(shown, figures):
    """The case's own figure with its spread, then what every side has."""
    own = figures[shown]
    text = (f"{number(own['median'])} [{number(own['min'])} - {number(own['max'])}] "
            f"{UNITS.get(shown, shown)}")
    for name in ("mb_per_second", "cpu_seconds"):
        if name in figures and name != shown:
            text += f", {number(figures[name]['median'])} {UNITS[name]}"
    if "peak_rss_bytes" in figures:
        text += f", peak {figures['peak_rss_bytes']['median'] / (1 << 20):.1f} MiB"
    return text


def target_text(target):
    spread = f"{number(target['value'])} [{number(target['min'])} - {number(target['max'])}]"
    if target["bound"] is None:
        return f"{target['text']}: {spread}"
    sign = ">=" if target["at_least"] else "<="
    verdict = "reached" if target["reached"] else "MISSED"
    return f"{target['text']}: {spread}, target {sign} {number(target['bound'])}: {verdict}"


def number(value):
    """Three digits that say something, whatever the size."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.3f}"
