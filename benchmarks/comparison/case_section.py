"""A case in the report: what it is, its table, its charts."""

from html import escape

from . import charts
from .contest import CANNOT, MISSING
from .spread import is_wide
from .units import binary, engineering, plain
from .verdict import FAILED, HARM, INVALID, MEASURED

HEADS = ("router", "events/s", "MB/s", "CPU s<small>per GB</small>", "CPU<small>of a core</small>",
         "peak<small>memory</small>", "lost", "dupli-<small>cated</small>",
         "re-<small>ordered</small>", "cor-<small>rupted</small>", "torn",
         "p50<small>ms</small>", "p99<small>ms</small>", "max<small>ms</small>")
WORDS = {MISSING: "missing", CANNOT: "cannot", INVALID: "INVALID", FAILED: "FAILED"}
# Below so much of its cores the router has waited: for the generator, the collector or the kernel.
BUSY_LEAST = 0.8


def case_section(case, report):
    colour = charts.colours(report)
    drawings = [charts.throughput(case, colour, report["raw"]) if case["saturates"] else "",
                charts.processor(case, colour), charts.latency(case, colour),
                charts.memory(case, colour), charts.loss(case, colour)]
    return (f'<section class="case" id="{escape(case["name"])}"><h3>{escape(case["title"])}</h3>'
            f'<p>{escape(case["shows"])}</p>'
            f'<p class="soft small"><code>{escape(case["name"])}</code>: {load_text(case)}</p>'
            + "".join(f'<p class="soft small">{escape(note)}</p>' for note in case["notes"])
            + table(case, len(report["cores"]["router"]))
            + f'<div class="charts">{"".join(drawings)}</div></section>')


def load_text(case):
    """The load in words."""
    load = case["load"]
    words = [f"{load.get('connections', 1):,} connection" + "s" * (load.get("connections", 1) > 1),
             f"{load.get('format', 'json')} events of {load.get('size', '200..600')} bytes",
             f"at {load['rate']} events/s" if "rate" in load else "as fast as they are taken"]
    ends = [f"{load[key]} {unit}".strip() for key, unit in (("events", "events"), ("duration", ""))
            if key in load]
    words.append("until " + " or ".join(ends) + (" are over" if len(ends) > 1 else ""))
    words.append("every event that comes out is checked" if case["collected"]
                 else "nothing is collected")
    if case["allow_loss"]:
        words.append("events may be lost")
    return escape("; ".join(words)) + "."


def table(case, core_count):
    rows = "".join(row(name, result, case, core_count)
                   for name, result in in_order(case))
    heads = "".join(f"<th>{head}</th>" for head in HEADS)
    return f'<div class="scroll"><table><tr>{heads}</tr>{rows}</table></div>'


def in_order(case):
    """The ranked ones first, in their order; then the others."""
    ranking = case["ranking"]
    names = ranking + [name for name in case["routers"] if name not in ranking]
    return [(name, case["routers"][name]) for name in names]


def row(name, result, case, core_count):
    status = result["status"]
    if "medians" not in result:
        kind = "bad" if status == INVALID else "soft"
        return (f'<tr><td>{escape(name)}</td><td class="why" colspan="{len(HEADS) - 1}">'
                f'<span class="{kind}">{WORDS[status]}</span>: {escape(result["reason"])}'
                "</td></tr>")
    cells = figures_cells(result["medians"], case, core_count, status == FAILED)
    note = ""
    if result["reason"]:
        word = f'<span class="bad">{WORDS[FAILED]}</span>: ' if status == FAILED else ""
        note = (f'<tr><td></td><td class="why" colspan="{len(HEADS) - 1}">{word}'
                f'{escape(result["reason"])}</td></tr>')
    return f"<tr><td>{escape(name)}</td>{cells}</tr>{note}"


def figures_cells(medians, case, core_count, failed):
    # What a router that lost events took per second is no throughput.
    rate = "<td>not ranked</td><td></td>" if failed else (
        cell(medians, "events_per_second", engineering, spread=True,
             least=waited(medians, core_count) and case["saturates"])
        + cell(medians, "bytes_per_second", lambda value: plain(value / 1e6)))
    parts = [rate, cell(medians, "cpu_seconds_per_gb", plain, spread=True),
             cell(medians, "cpu_share", lambda value: f"{value:.0%}"),
             cell(medians, "peak_rss_bytes", binary)]
    parts.append(lost_cell(medians, case))
    parts += [cell(medians, name, lambda value: f"{value:,.0f}", bad=True) for name in HARM]
    parts += [cell(medians, f"latency_ms.{name}", plain) for name in ("p50", "p99", "max")]
    return "".join(parts)


def waited(medians, core_count):
    share = medians.get("cpu_share")
    return share is not None and share["median"] < BUSY_LEAST * core_count


def cell(medians, name, say, spread=False, bad=False, least=False):
    """A median; `spread`: with the smallest and largest below. A dash where nobody measured it."""
    figure = medians.get(name)
    if figure is None:
        return '<td class="soft">–</td>'
    kind = ' class="bad"' if bad and figure["max"] > 0 else ""
    below = ""
    if spread and figure["max"] > figure["min"]:
        wide = ' class="warn"' if is_wide(figure) else ""
        below = f'<small{wide}>{say(figure["min"])} – {say(figure["max"])}</small>'
    at_least = "≥ " if least else ""
    # Of what is harmed, the worst run counts.
    value = figure["max"] if bad else figure["median"]
    return f"<td{kind}>{at_least}{say(value)}{below}</td>"


def lost_cell(medians, case):
    figure = medians.get("lost")
    if figure is None:
        return '<td class="soft">–</td>'
    part = figure["median"] / medians["issued"]["median"] if medians["issued"]["median"] else 0
    kind = ' class="bad"' if figure["max"] and not case["allow_loss"] else ""
    below = f"<small>{figure['median']:,.0f}</small>" if figure["median"] else ""
    return f"<td{kind}>{lost_text(part, figure)}{below}</td>"


def lost_text(part, figure):
    return f"{part:.2%}" if part else f"{figure['max']:,.0f}"


def summary_cell(result, saturates):
    """For the table of all cases: events/s, or the word for why not."""
    if result["status"] != MEASURED:
        kind = "bad" if result["status"] in (FAILED, INVALID) else "soft"
        return f'<td class="{kind}">{WORDS[result["status"]]}</td>'
    if saturates:
        return f"<td>{engineering(result['medians']['events_per_second']['median'])}</td>"
    latency = result["medians"].get("latency_ms.p99")
    return f"<td>p99 {plain(latency['median'])} ms</td>" if latency else "<td>measured</td>"
