#!/usr/bin/env python3
"""What becomes of events when weir is killed, restarted, or its load or its sinks are hostile.

    delivery_faults.py --weir build/release/weir [--long] [--seed N] [--report FILE] [NAME...]

Prints a table; exit code 0: every test that ran passed. 1: one failed, or proved nothing because
nothing was in flight when its fault came. 77: none could be run here, and the table says why.
"""

import argparse
import platform
import random
import secrets
import sys
import tempfile
import time
import traceback
from pathlib import Path

import backlog_test
import bad_network_test
import crash_point_test
import frozen_sink_test
import hostile_load_test
import kill_test
import lossy_link_test
import power_test
import reload_test
import restart_test
import self_test
import simulated_disk_test
import spool_damage_test
import spool_full_test
import spool_kill_test
import spool_sync_test
from report import FAILED, INVALID, SKIPPED, Figures, Skipped, table, write_json

# By name: a function that is given a Context and returns its Figures.
TESTS = {
    "self_test": self_test.run,
    "kill": kill_test.run,
    "restart": restart_test.run,
    "reload": reload_test.run,
    "frozen_sink": frozen_sink_test.run,
    "hostile_load": hostile_load_test.run,
    "spool_kill": spool_kill_test.run,
    "power": power_test.run,
    "spool_damage": spool_damage_test.run,
    "backlog": backlog_test.run,
    "crash_point": crash_point_test.run,
    "simulated_disk": simulated_disk_test.run,
    "spool_full": spool_full_test.run,
    "spool_sync": spool_sync_test.run,
    "bad_network": bad_network_test.run,
    "lossy_link": lossy_link_test.run,
}


class Context:
    """What a test is given. One for each test."""

    def __init__(self, name, options, folder):
        self.name = name
        self.weir = options.weir.resolve()
        self.folder = Path(folder) / name
        self.folder.mkdir()
        self.seed = options.seed
        self.random = random.Random(f"{options.seed} {name}")
        self.long = options.long
        self.sanitized = options.sanitized
        self._trials = options.trials

    def trials(self, short, long):
        """How often the fault is to come."""
        return self._trials or (long if self.long else short)

    def figures(self):
        """Empty ones, to be filled."""
        return Figures(self.name, self.seed)


def run_one(name, options, folder):
    """The figures of a test, however it ends."""
    begun = time.monotonic()
    context = Context(name, options, folder)
    print(f"{name}: seed {options.seed}", file=sys.stderr, flush=True)
    try:
        figures = TESTS[name](context)
    except Skipped as why:
        figures = context.figures()
        figures.skipped = str(why)
    except Exception as error:  # pylint: disable=broad-exception-caught  # Told; the rest runs.
        traceback.print_exc()
        figures = context.figures()
        figures.problems.append(f"{type(error).__name__}: {error}")
    figures.seconds = time.monotonic() - begun
    if figures.status() in (FAILED, INVALID):
        for log in sorted(context.folder.glob("**/log")):
            print(f"--- {log}\n{log.read_text(errors='replace')[-4000:]}", file=sys.stderr)
    return figures


def main():
    options = read_options()
    unknown = set(options.names) - set(TESTS)
    if unknown:
        print(f"delivery_faults: there are {', '.join(TESTS)}", file=sys.stderr)
        return 2
    all_figures = []
    with tempfile.TemporaryDirectory(prefix="weir-faults-") as folder:
        for name in options.names or TESTS:
            all_figures.append(run_one(name, options, folder))
    print(table(all_figures))
    if options.report:
        write_json(options.report, all_figures, {
            "form": "long" if options.long else "short", "machine": platform.platform(),
            "seed": options.seed})
    states = {figures.status() for figures in all_figures}
    if states & {FAILED, INVALID}:
        return 1
    return 77 if states == {SKIPPED} else 0


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--weir", type=Path, required=True)
    parser.add_argument("--long", action="store_true", help="many trials, and figures to quote")
    parser.add_argument("--trials", type=int, help="instead of the form's own number")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32),
                        help="the same seed gives the same events and times")
    parser.add_argument("--report", type=Path, help="where JSON is written")
    parser.add_argument("--sanitized", action="store_true",
                        help="weir is built with a sanitizer: its speed and memory say nothing")
    parser.add_argument("names", nargs="*", metavar="NAME", help="tests; all without one")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
