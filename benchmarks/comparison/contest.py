"""Several jobs of one case, taking turns: what slows the machine for a while slows all of them."""

import sys

from .spread import spreads
from .verdict import FAILED, INVALID, MEASURED

MISSING, CANNOT = "missing", "cannot"


def hold(name, jobs, runner, rounds, warm_up=True):
    """`jobs`: name -> Job. Returns name -> what the report holds of it.

    Rounds go forwards and backwards in turn, so that nobody always runs behind the same one."""
    runs = {each: [] for each in jobs}
    given_up = {}
    if warm_up:
        for each, job in jobs.items():
            tell(name, each, "warm-up")
            run = runner.run(job)
            if run.status == INVALID:  # Most likely its configuration: more of it says no more.
                given_up[each] = run
    for index in range(rounds):
        order = list(jobs) if index % 2 == 0 else list(reversed(jobs))
        for each in order:
            if each in given_up:
                continue
            tell(name, each, f"{index + 1}/{rounds}")
            runs[each].append(runner.run(jobs[each]))
    return {each: outcome([given_up[each]] if each in given_up else runs[each]) for each in jobs}


def outcome(runs):
    """Of the runs of one router. One that failed spoils the case for it; ones that were invalid
    are left out of the medians, and spoil it where they are half or more."""
    valid = [run for run in runs if run.status != INVALID]
    failed = [run for run in valid if run.status == FAILED]
    result = {"status": MEASURED, "reason": "", "runs": [run.as_json() for run in runs]}
    if 2 * len(valid) <= len(runs):
        first = next((run for run in runs if run.status == INVALID), None)
        reason = first.reason if first else "no run"
        return {**result, "status": INVALID, "reason": reason}
    if failed:
        result["status"] = FAILED
        result["reason"] = f"{len(failed)} of {len(runs)} runs: {failed[0].reason}"
    elif len(valid) < len(runs):
        first = next(run for run in runs if run.status == INVALID)
        result["reason"] = (f"{len(runs) - len(valid)} of {len(runs)} runs were invalid: "
                            f"{first.reason}")
    result["medians"] = spreads([run.figures for run in valid])
    result["memory"] = typical(valid).memory
    return result


def typical(runs):
    """The run in the middle by throughput: curves cannot be averaged."""
    ordered = sorted(runs, key=lambda run: run.figures["events_per_second"])
    return ordered[(len(ordered) - 1) // 2]


def ranked(outcomes, saturates=True):
    """The names of those that were measured, the fastest first. Nobody else has a rank; and at a
    given rate nobody is faster than another."""
    if not saturates:
        return []
    fast = [(result["medians"]["events_per_second"]["median"], name)
            for name, result in outcomes.items() if result["status"] == MEASURED]
    return [name for _, name in sorted(fast, reverse=True)]


def tell(case, name, what):
    print(f"  {case}: {name} {what}", file=sys.stderr, flush=True)
