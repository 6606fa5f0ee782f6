#!/usr/bin/env python3
"""Measures what delivery costs: acknowledgements that wait for the disk, the spool that nobody needs,
the spool in use, and a sink that stands still beside others.

    benchmarks/delivery.py --weir build/release/weir --raw build/release/benchmarks \\
                           --out build/bench/delivery.json [--cases a,b] [--runs 5] [--quick]

Sides of a case alternate (A B A B ...) after one warm-up of each; the figure is the median of the
rounds, ratios are taken round by round. --disk names a folder on the disk that is to be measured;
without it, that of the report. Exit code 0 if every case was measured, 1 if one was invalid, and
with --strict also where a target was missed.
"""

import argparse
import sys
from pathlib import Path

from bench import choose, exit_code
from harness.campaign import on_a_machine, run_cases
from harness.delivery_cases import DeliveryCases
from harness.raw import Raw


def main():
    arguments = read_arguments()
    return on_a_machine("delivery", lambda machine: measure(arguments, machine))


def measure(arguments, machine):
    raw = Raw(arguments.raw.resolve(), machine)
    with DeliveryCases(raw, arguments.weir.resolve(), machine, arguments.disk,
                       arguments.quick) as delivery:
        cases = delivery.all()
        if arguments.list:
            for case in cases:
                print(f"{case.name:<14}{case.title}")
            return 0
        print(f"disk      {delivery.disk} ({delivery.file_system})")
        results = run_cases(choose(cases, arguments.cases), machine, arguments.out,
                            arguments.runs, not arguments.quick)
        return exit_code(results, arguments.strict)


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--weir", type=Path, default=Path("build/release/weir"))
    parser.add_argument("--raw", type=Path, default=Path("build/release/benchmarks"))
    parser.add_argument("--out", type=Path, default=Path("build/bench/delivery.json"))
    parser.add_argument("--disk", type=Path, help="default: the folder of the report")
    parser.add_argument("--cases", default="", help="names, separated by commas; default: all")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true",
                        help="short runs and no warm-up: a look, not a figure to quote")
    parser.add_argument("--strict", action="store_true",
                        help="exit with 1 if a target is missed, too")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs has to be at least 1")
    if not arguments.list and not arguments.weir.is_file():
        parser.error(f"{arguments.weir} is not there: build weir first")
    arguments.disk = arguments.disk or arguments.out.parent
    return arguments


if __name__ == "__main__":
    sys.exit(main())
