"""The charts of the report, from its data: which bars and lines there are, and their labels."""

from .contest import CANNOT, MISSING
from .svg import Bar, Line, bar_chart, line_chart
from .units import plain
from .verdict import FAILED, INVALID, MEASURED

LATENCIES = ("p50", "p90", "p99", "p99.9", "p99.99", "max")
ABSENT = {MISSING: "not installed", CANNOT: "cannot do this", INVALID: "invalid",
          FAILED: "failed: not ranked"}


def colours(report):
    """Router -> number: the same in all charts."""
    return {router["name"]: index for index, router in enumerate(report["routers"])}


def figure(caption, drawing):
    return f"<figure><figcaption>{caption}</figcaption>{drawing}</figure>"


def spread(result, name, scale=1.0):
    """(median, low, high), or None where the router has no such figure."""
    found = result.get("medians", {}).get(name) if result["status"] != INVALID else None
    return tuple(found[key] * scale for key in ("median", "min", "max")) if found else None


def bars(case, colour, name, scale, label):
    """One for each router; without a value where there is none, with the reason in words."""
    found = []
    for router, result in case["routers"].items():
        values = spread(result, name, scale)
        if result["status"] != MEASURED or values is None:
            found.append(Bar(router, None, label=ABSENT.get(result["status"], "not measured")))
        else:
            found.append(Bar(router, *values, label=label(values[0]), colour=colour[router]))
    return found


def throughput(case, colour, raw):
    """MB/s; the raw limit where there is one."""
    made = bars(case, colour, "bytes_per_second", 1e-6, plain)
    limit = case.get("raw_limit") or {}
    value = raw.get(limit.get("case"), {}).get(limit.get("side"))
    return figure("Throughput", bar_chart(
        f"Throughput, {case['title']}", made, "MB/s, median; the fine line spans all runs",
        value, f"raw limit {plain(value)}" if value else ""))


def processor(case, colour):
    made = bars(case, colour, "cpu_seconds_per_gb", 1, plain)
    if all(bar.value is None for bar in made):
        return ""
    return figure("Cost", bar_chart(f"CPU time, {case['title']}", made,
                                    "CPU seconds per GB (shorter is better)"))


def loss(case, colour):
    """Where any run has lost something; of failed ones, too: that is why they failed."""
    made = []
    for router, result in case["routers"].items():
        lost, issued = spread(result, "lost"), spread(result, "issued")
        if lost is None or issued is None or not issued[0]:
            made.append(Bar(router, None, label=ABSENT.get(result["status"], "not counted")))
            continue
        part = 100 * lost[0] / issued[0]
        made.append(Bar(router, part, label=f"{plain(part)} %", colour=colour[router]))
    if not any(bar.value for bar in made):
        return ""
    return figure("Lost", bar_chart(f"Loss, {case['title']}", made,
                                    "percent of the events that were sent"))


def latency(case, colour):
    """Percentiles, with each further nine as far as the one before."""
    lines = []
    for router, result in case["routers"].items():
        points = [(place, spread(result, f"latency_ms.{name}"))
                  for place, name in enumerate(LATENCIES)]
        # On a logarithmic axis there is no zero.
        points = [(place, max(values[0], 0.001)) for place, values in points if values]
        if result["status"] == MEASURED and len(points) == len(LATENCIES):
            lines.append(Line(router, points, colour[router]))
    if not lines:
        return ""
    under = "" if not case["saturates"] else " (as fast as it takes: mostly waiting in queues)"
    ticks = [(place, name) for place, name in enumerate(LATENCIES)]
    return figure("Latency" + under, line_chart(
        f"Latency, {case['title']}", lines, "percentile of the events", "milliseconds", log_y=True,
        x_ticks=ticks))


def memory(case, colour):
    lines = [Line(router, [(seconds, used / (1 << 20)) for seconds, used in result["memory"]],
                  colour[router], steps=True)
             for router, result in case["routers"].items()
             if result["status"] == MEASURED and len(result.get("memory", [])) > 1]
    if not lines:
        return ""
    return figure("Memory", line_chart(f"Memory over time, {case['title']}", lines,
                                       "seconds since the start", "MiB resident"))


def scaling(series):
    """One line: medians, each with its spread. Points without figures are left out, and named."""
    per_byte = series["figure"] == "bytes_per_second"
    scale = 1e-6 if per_byte else 1
    points, ranges, absent = [], [], []
    for point in series["points"]:
        values = spread(point, series["figure"], scale)
        if point["status"] != MEASURED or values is None:
            absent.append(point)
            continue
        points.append((point["x"], values[0]))
        ranges.append((point["x"], values[1], values[2]))
    if not points:
        return "", absent
    line = Line("weir", points, 0, ranges)
    # Few whole numbers: those that were measured say more than round ones between them.
    ticks = None if series["logarithmic"] else [(x, str(x)) for x, _ in points]
    drawing = line_chart(f"{series['title']}: throughput", [line], series["axis"],
                         "MB/s" if per_byte else "events/s", log_x=series["logarithmic"],
                         x_ticks=ticks)
    return figure(series["title"], drawing), absent
