"""Loads that want memory. Whatever comes, weir stays within `memory` and a constant for itself, goes
on working, and its books balance.

Each scenario is given a router of its own with 64 MiB for events. The peak of its resident memory
is published; the constant is what code, stacks, tables and 10,000 connections take up.
"""

import time

import hostile_lines
import hostile_requests
from hostile_lines import MEMORY_BYTES
from report import shown
from router import Router

CONSTANT_BYTES = 32 << 20
SCENARIOS = hostile_lines.SCENARIOS + hostile_requests.SCENARIOS
YAML = hostile_lines.YAML | hostile_requests.YAML


def run(context):
    figures = context.figures()
    for scenario in SCENARIOS:
        name = scenario.__name__
        yaml = f"memory: {MEMORY_BYTES}\nshutdown_timeout: 1s\n" + YAML[name]
        begun = time.monotonic()
        with Router(context.weir, context.folder / name, yaml) as router:
            router.start()
            start_bytes = router.resident_bytes()
            load = scenario(context, router, figures)
            peak = router.resident_bytes(peak=True)
            check_alive(router, name, figures)
            router.stop()
            books = router.closing_books()
        figures.trials += 1
        figures.faults += 1
        figures.unaccounted += books["imbalance"]
        figures.check(books["imbalance"] == 0, f"{name}: the books do not balance")
        figures.more[name] = {"load": load, "start_mib": start_bytes >> 20,
                              "peak_mib": peak >> 20, "seconds": time.monotonic() - begun}
        if not context.sanitized:
            figures.check(peak <= MEMORY_BYTES + CONSTANT_BYTES,
                          f"{name}: {peak >> 20} MiB at the peak ({shown(load)})")
    figures.more["bound_mib"] = (MEMORY_BYTES + CONSTANT_BYTES) >> 20
    return figures


def check_alive(router, name, figures):
    """The process is the one that was started, and answers."""
    figures.check(router.process.poll() is None and router.books() is not None,
                  f"{name}: weir does not answer any more")
