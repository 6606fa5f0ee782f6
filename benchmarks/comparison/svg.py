"""Charts as SVG text: bars with a spread, and lines over an axis. Colours come from the page's CSS
(`var(--c0)` ...), so that a chart is right in light and in dark.

All of it is pure: data in, text out. Every axis has a title with its unit.
"""

import math
from dataclasses import dataclass, field
from html import escape

from .units import trimmed

WIDTH = 540
CHARACTER = 7.2   # Width of one at the font size of the page's charts, roughly.
BAR, BAR_GAP = 22, 14
TOP, BOTTOM, LEFT, RIGHT = 16, 50, 64, 24
LINE_HEIGHT = 270
LEGEND_ROW = 20


@dataclass
class Bar:
    name: str
    value: float          # None: no bar, only `label`.
    low: float = None
    high: float = None
    label: str = ""       # Behind the bar.
    colour: int = 0
    pale: bool = False    # Not to be compared with the others.


@dataclass
class Line:
    name: str
    points: list          # (x, y), by x.
    colour: int = 0
    ranges: list = field(default_factory=list)  # (x, low, high)
    steps: bool = False


def bar_chart(title, bars, axis, limit=None, limit_name=""):
    """Lying bars from zero. `limit`: a line across all, with its name."""
    name_width = max(len(bar.name) for bar in bars) * CHARACTER + 16
    label_width = max((len(bar.label) for bar in bars if bar.value is not None), default=0)
    values = [bar.high or bar.value for bar in bars if bar.value is not None]
    top = TOP + (18 if limit else 0)
    height = top + len(bars) * (BAR + BAR_GAP) + BOTTOM
    right = WIDTH - max(label_width * CHARACTER + 16, RIGHT)
    ticks = nice_ticks(0, max(values + ([limit] if limit else []) or [1]))
    scale = (right - name_width) / ticks[-1]
    base = height - BOTTOM
    parts = [vertical_grid(ticks, lambda tick: name_width + tick * scale, top, base),
             axis_title((name_width + right) / 2, height - 8, axis)]
    for index, bar in enumerate(bars):
        y = top + index * (BAR + BAR_GAP) + BAR_GAP / 2
        parts.append(text(name_width - 8, y + BAR / 2 + 4, bar.name, "end", "name"))
        parts.append(one_bar(bar, name_width, y, scale))
    if limit:
        x = name_width + limit * scale
        parts.append(f'<line class="limit" x1="{x:.1f}" y1="{top - 4}" x2="{x:.1f}" y2="{base}"/>')
        anchor = "end" if x > WIDTH / 2 else "start"
        parts.append(text(x, top - 8, limit_name, anchor, "limit-name"))
    return frame(title, height, parts)


def one_bar(bar, left, y, scale):
    if bar.value is None:
        return text(left + 6, y + BAR / 2 + 4, bar.label, "start", "absent")
    width = max(bar.value * scale, 1) if bar.value else 0  # A little is seen; nothing is not.
    pale = " pale" if bar.pale else ""
    parts = [f'<rect class="bar{pale}" style="fill:var(--c{bar.colour})" x="{left:.1f}" '
             f'y="{y:.1f}" width="{width:.1f}" height="{BAR}" rx="2"/>']
    end = left + width
    if bar.low is not None and bar.high is not None and bar.high > bar.low:
        low, high = left + bar.low * scale, left + bar.high * scale
        middle = y + BAR / 2
        end = max(end, high)
        parts.append(f'<path class="spread" d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} '
                     f'{middle - 5}V{middle + 5}M{high:.1f} {middle - 5}V{middle + 5}"/>')
    parts.append(text(end + 6, y + BAR / 2 + 4, bar.label, "start", "value"))
    return "".join(parts)


def line_chart(title, lines, x_axis, y_axis, log_x=False, log_y=False, x_ticks=None):
    """`x_ticks`: [(x, label)] where the numbers themselves would not do."""
    xs = [x for line in lines for x, _ in line.points]
    ys = ([y for line in lines for _, y in line.points]
          + [y for line in lines for _, low, high in line.ranges for y in (low, high)])
    legend = len(lines) > 1
    top = TOP + (legend_rows(lines) * LEGEND_ROW if legend else 0)
    height = top + LINE_HEIGHT
    base = height - BOTTOM
    x_labels = x_ticks or [(tick, trimmed(tick)) for tick in
                           (log_ticks(min(xs), max(xs)) if log_x else nice_ticks(0, max(xs)))]
    y_ticks = log_ticks(min(y for y in ys if y > 0), max(ys)) if log_y else nice_ticks(0, max(ys))
    to_x = scaler(x_labels[0][0], x_labels[-1][0], LEFT, WIDTH - RIGHT, log_x)
    to_y = scaler(y_ticks[0], y_ticks[-1], base, top + 6, log_y)
    parts = [horizontal_grid(y_ticks, to_y), vertical_labels(x_labels, to_x, top, base),
             axis_title((LEFT + WIDTH - RIGHT) / 2, height - 8, x_axis),
             f'<text class="axis" text-anchor="middle" transform="translate(13 '
             f'{(top + base) / 2:.0f}) rotate(-90)">{escape(y_axis)}</text>']
    parts += [one_line(line, to_x, to_y) for line in lines]
    if legend:
        parts.append(legend_of(lines))
    return frame(title, height, parts)


def one_line(line, to_x, to_y):
    points = [(to_x(x), to_y(y)) for x, y in line.points]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    parts = [f'<path class="line" style="stroke:var(--c{line.colour})" d="M{path}"/>']
    for x, low, high in line.ranges:
        parts.append(f'<path class="spread" style="stroke:var(--c{line.colour})" '
                     f'd="M{to_x(x):.1f} {to_y(low):.1f}V{to_y(high):.1f}"/>')
    if not line.steps:
        parts += [f'<circle style="fill:var(--c{line.colour})" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
                  for x, y in points]
    return "".join(parts)


def legend_places(lines):
    """(x, row) of each name."""
    places, x, row = [], LEFT, 0
    for line in lines:
        width = len(line.name) * CHARACTER + 34
        if x + width > WIDTH - RIGHT and x > LEFT:
            x, row = LEFT, row + 1
        places.append((x, row))
        x += width
    return places


def legend_rows(lines):
    return legend_places(lines)[-1][1] + 1


def legend_of(lines):
    parts = []
    for line, (x, row) in zip(lines, legend_places(lines)):
        y = 12 + row * LEGEND_ROW
        parts.append(f'<line class="line" style="stroke:var(--c{line.colour})" x1="{x:.1f}" '
                     f'y1="{y - 4}" x2="{x + 16:.1f}" y2="{y - 4}"/>')
        parts.append(text(x + 22, y, line.name, "start", "name"))
    return "".join(parts)


def scaler(low, high, first, last, logarithmic):
    """Where between two places of the picture a value is."""
    if high <= low:
        return lambda _: (first + last) / 2
    if logarithmic:
        low_log, span = math.log10(low), math.log10(high) - math.log10(low)
        return lambda value: (first + (math.log10(max(value, low)) - low_log) / span
                              * (last - first))
    return lambda value: first + (value - low) / (high - low) * (last - first)


def nice_ticks(low, high, about=5):
    """From `low` to at least `high` in steps of 1, 2, 2.5 or 5 times a power of ten."""
    if high <= low:
        high = low + 1
    raw = (high - low) / about
    power = 10 ** math.floor(math.log10(raw))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= raw * 0.999)
    count = math.ceil((high - low) / step - 1e-9)
    return [low + index * step for index in range(count + 1)]


def log_ticks(low, high):
    """Powers of ten around both; where that is only one decade, 1, 2 and 5 of it, too."""
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    last = max(last, first + 1)
    if last - first > 1:
        return [10.0 ** power for power in range(first, last + 1)]
    return [digit * 10.0 ** first for digit in (1, 2, 5, 10)]


def horizontal_grid(ticks, to_y):
    parts = []
    for tick in ticks:
        y = to_y(tick)
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" '
                     f'y2="{y:.1f}"/>' + text(LEFT - 6, y + 4, trimmed(tick), "end", "tick"))
    return "".join(parts)


def vertical_labels(labels, to_x, top, base):
    parts, free_from = [], 0
    for value, label in labels:
        x = to_x(value)
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="{top + 6}" x2="{x:.1f}" y2="{base}"/>')
        half = len(label) * CHARACTER / 2
        if x - half >= free_from:  # No label over another.
            parts.append(text(x, base + 19, label, "middle", "tick"))
            free_from = x + half + 4
    return "".join(parts)


def vertical_grid(ticks, to_x, top, base):
    return vertical_labels([(tick, trimmed(tick)) for tick in ticks], to_x, top - 6, base)


def axis_title(x, y, title):
    return text(x, y, title, "middle", "axis")


def text(x, y, content, anchor, kind):
    return (f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
            f'{escape(content)}</text>')


def frame(title, height, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
            f'role="img" aria-label="{escape(title, quote=True)}"><title>{escape(title)}</title>'
            + "".join(parts) + "</svg>")
