"""Medians and spreads of several runs."""

import statistics

# How far the runs of a median may lie apart before the report says so.
WIDE = 0.2


def spread_of(values):
    """Median, smallest and largest; None where there is nothing to take them of."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def spreads(runs):
    """The spread of every figure that all runs have. Figures within figures ("latency_ms") become
    names with a dot; text, lists and truth values are no figures."""
    flat = [flattened(run) for run in runs]
    if not flat:
        return {}
    return {name: spread_of([run[name] for run in flat])
            for name in flat[0] if all(name in run for run in flat)}


def flattened(run, prefix=""):
    figures = {}
    for name, value in run.items():
        if isinstance(value, dict):
            figures.update(flattened(value, f"{prefix}{name}."))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            figures[prefix + name] = value
    return figures


def is_wide(spread):
    return spread["median"] > 0 and (spread["max"] - spread["min"]) / spread["median"] > WIDE
