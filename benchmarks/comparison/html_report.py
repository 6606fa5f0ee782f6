"""The report as one HTML page that needs nothing else: styles and charts are in it, no scripts."""

from html import escape

from . import charts
from .case_section import case_section, summary_cell
from .page_style import STYLE
from .units import binary, engineering, plain
from .verdict import MEASURED

BUSY = 0.5  # Load of the machine before the start, from which on others used it.
HOW_TO_READ = (
    "A figure is the median of all counted runs; what is small below it is the smallest and the "
    "largest, in another colour where they lie more than a fifth apart. Routers take turns, "
    "forwards and backwards, on the same load.",
    "A run that lost or harmed events where none may be has FAILED: it is shown, and has no rank. "
    "An invalid run has no figures, only its reason. Nothing that was not measured is shown as zero.",
    "“≥” is before a rate where the router was busy for less than 80 % of its cores: it waited "
    "for the load generator, the collector, the kernel or others who used its core, and could have "
    "done more. What the "
    "collector checks it has to read first, so it is often the slower one; CPU seconds per GB do "
    "not depend on that.",
    "Latency is from when an event was to be sent until the collector read it. Where a case sends "
    "as fast as is taken, that is the length of the queues; the cases with a rate say how quick a "
    "router is.",
)


def write_page(path, report):
    path.write_text(page(report))


def page(report):
    weir_alone = scaling_part(report["scaling"]) if report["scaling"] else ""
    return ("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>weir beside other log routers</title><style>{STYLE}</style></head><body>"
            "<h1>weir beside other log routers</h1>"
            + lead(report) + navigation(report) + summary(report)
            + "<h2 id=\"machine\">Machine and routers</h2>" + machine(report) + routers(report)
            + "<h2 id=\"reading\">How to read it</h2>"
            + "".join(f"<p>{escape(each)}</p>" for each in HOW_TO_READ)
            + "<h2>Cases</h2>"
            + "".join(case_section(case, report) for case in report["cases"])
            + weir_alone
            + '<p class="soft small">What this does not show, and what each number means: '
              "benchmarks/README.md. All figures of all runs: comparison.json beside this page.</p>"
            "</body></html>\n")


def lead(report):
    settings = report["settings"]
    said = f"{report['machine']['when']}, revision {report['machine']['revision']}, "
    said += f"{settings['runs']} counted run{'s' * (settings['runs'] != 1)} of each"
    warnings = []
    if settings["quick"]:
        warnings.append("A quick look: short runs without a warm-up. Not figures to quote.")
    if report["machine"]["load_before"] > BUSY:
        warnings.append("Others used the machine before the start: rates and latencies say little, "
                        "CPU seconds only beside each other.")
    if report["cores"]["shared"]:
        warnings.append("Router and load generator shared a core.")
    return f'<p class="soft">{escape(said)}</p>' + "".join(
        f'<p class="warn">{escape(warning)}</p>' for warning in warnings)


def navigation(report):
    links = [("machine", "machine"), ("reading", "how to read it")]
    links += [(case["name"], case["title"]) for case in report["cases"]]
    if report["scaling"]:
        links.append(("scaling", "scaling"))
    return '<nav class="small">' + " ".join(
        f'<a href="#{escape(place)}">{escape(name)}</a>' for place, name in links) + "</nav>"


def summary(report):
    """All cases and routers at a glance: events/s, or why there are none."""
    if not report["cases"]:
        return ""
    names = [router["name"] for router in report["routers"]]
    heads = "".join(f"<th>{escape(name)}</th>" for name in names)
    rows = "".join(
        f'<tr><td><a href="#{escape(case["name"])}">{escape(case["title"])}</a></td>'
        + "".join(summary_cell(case["routers"][name], case["saturates"]) for name in names)
        + "</tr>" for case in report["cases"])
    return (f'<h2>Summary</h2><p class="soft">Events per second, where the load is as fast as is '
            "taken; latency, where it has a rate.</p>"
            f'<div class="scroll"><table><tr><th>case</th>{heads}</tr>{rows}</table></div>')


def machine(report):
    facts, cores = report["machine"], report["cores"]
    virtual = ", virtual" if facts["virtual"] else ""
    where = "in memory" if facts["scratch_is_tmpfs"] else "on a disk"
    rows = [("processor", f"{facts['processor']}, {facts['cores']} cores{virtual}"),
            ("memory", binary(facts["memory_bytes"])), ("kernel", f"Linux {facts['kernel']}"),
            ("cores of the router", numbers(cores["router"])),
            ("cores of generator and collector", numbers(cores["bench"])
             + (" (shared with the router)" if cores["shared"] else "")),
            ("events", facts["input"]), ("files", where),
            ("load before the start", plain(facts["load_before"]))]
    return facts_table(rows)


def routers(report):
    rows = []
    for router in report["routers"]:
        if router["status"] == "missing":
            rows.append((router["name"], f"missing: {router['reason']}"))
        else:
            rows.append((router["name"], router["version"]))
    return facts_table(rows)


def facts_table(rows):
    return '<table class="facts">' + "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in rows
    ) + "</table>"


def numbers(cores):
    return ", ".join(str(core) for core in cores)


def scaling_part(all_series):
    drawings, notes = [], []
    for series in all_series:
        drawing, absent = charts.scaling(series)
        drawings.append(drawing)
        notes += [f"{series['title']}, {point['x']}: {point['status']}: {point['reason']}"
                  for point in absent]
        notes += [f"{series['title']}, {point['x']}: router and load generator shared a core."
                  for point in series["points"] if point["cores_shared"]]
    said = "".join(f'<p class="warn small">{escape(note)}</p>' for note in notes)
    tables = "".join(scaling_table(series) for series in all_series)
    return ('<h2 id="scaling">weir alone, with one thing growing</h2>'
            '<p class="soft">TCP, JSON, into blackholes; nothing is collected. One shard unless it '
            "says otherwise; one connection, one condition, one sink and 200 to 600 bytes unless "
            "that is what grows. The upright lines span all runs.</p>"
            f'{said}<section class="case"><div class="charts">{"".join(drawings)}</div>'
            f"<details><summary>The figures</summary>{tables}</details></section>")


def scaling_table(series):
    rows = []
    for point in series["points"]:
        if point["status"] != MEASURED:
            rows.append(f'<tr><td>{point["x"]:,}</td><td colspan="4" class="why bad">'
                        f'{escape(point["status"])}: {escape(point["reason"])}</td></tr>')
            continue
        medians = point["medians"]
        cost, peak = medians.get("cpu_seconds_per_gb"), medians.get("peak_rss_bytes")
        rows.append(f"<tr><td>{point['x']:,}</td>"
                    f"<td>{engineering(medians['events_per_second']['median'])}</td>"
                    f"<td>{plain(medians['bytes_per_second']['median'] / 1e6)}</td>"
                    f"<td>{plain(cost['median']) if cost else '–'}</td>"
                    f"<td>{binary(peak['median']) if peak else '–'}</td></tr>")
    return ('<div class="scroll"><table><tr>'
            f"<th>{escape(series['axis'])}</th><th>events/s</th><th>MB/s</th><th>CPU s per GB</th>"
            f"<th>peak memory</th></tr>{''.join(rows)}</table></div>")
