"""What a case is, how its runs alternate, and how its targets are judged."""

import os
import statistics
import sys
from dataclasses import dataclass, field
from typing import Callable

from .process import Invalid, Missing


@dataclass
class Target:
    """A figure of each round of runs, whose median is held against a bound."""

    text: str
    value: Callable      # Takes {side: figures} of one round.
    bound: float = None  # None: shown, not judged.
    at_least: bool = True
    unit: str = ""

    def reached(self, value):
        if self.bound is None:
            return None
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass
class Case:
    name: str
    title: str
    sides: dict          # Name -> function without arguments that runs once and gives figures.
    targets: list
    shown: str = "mb_per_cpu_second"  # The figure of each side that the table shows.
    notes: list = field(default_factory=list)
    check: Callable = None  # Takes {side: figures} of one round; raises Invalid.


def ratio(figure, above, below):
    """The figure of one side over that of another, within one round."""
    return lambda round_: round_[above][figure] / round_[below][figure]


def run_case(case, rounds, warm_up=True):
    """All runs of a case, alternating, as what the report holds of it."""
    result = {"name": case.name, "title": case.title, "status": "measured", "runs": [],
              "notes": case.notes, "load_before": os.getloadavg()[0]}
    try:
        if warm_up:
            for name, run in case.sides.items():
                tell(case, name, "warm-up")
                run()
        for i in range(rounds):
            figures = {}
            for name, run in case.sides.items():
                tell(case, name, f"{i + 1}/{rounds}")
                figures[name] = run()
            if case.check is not None:
                case.check(figures)
            result["runs"].append(figures)
    except Missing as reason:
        return {**result, "status": "missing", "reason": str(reason), "targets": []}
    except Invalid as reason:
        return {**result, "status": "invalid", "reason": str(reason), "targets": []}
    result["medians"] = {name: medians([round_[name] for round_ in result["runs"]])
                         for name in case.sides}
    result["shown"] = case.shown
    result["targets"] = [judge(target, result["runs"]) for target in case.targets]
    return result


def judge(target, runs):
    """Pair by pair, then the median: what slows the machine for a while slows both of a pair."""
    values = [target.value(round_) for round_ in runs]
    value = statistics.median(values)
    return {"text": target.text, "unit": target.unit, "value": value, "min": min(values),
            "max": max(values), "rounds": values, "bound": target.bound,
            "at_least": target.at_least, "reached": target.reached(value)}


def medians(figures):
    """Of every number that all runs have: median, min and max."""
    names = [name for name, value in figures[0].items()
             if isinstance(value, (int, float)) and all(name in other for other in figures)]
    return {name: {"median": statistics.median([run[name] for run in figures]),
                   "min": min(run[name] for run in figures),
                   "max": max(run[name] for run in figures)} for name in names}


def tell(case, side, what):
    print(f"  {case.name}: {side} {what}", file=sys.stderr, flush=True)
