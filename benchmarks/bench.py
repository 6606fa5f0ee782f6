#!/usr/bin/env python3
"""Measures weir beside the least that could be done: the programs of benchmarks/raw.

    benchmarks/bench.py --weir build/release/weir --raw build/release/benchmarks \\
                        --out build/bench/report.json [--cases a,b] [--runs 5] [--quick]

Runs of one case alternate (A B A B ...) on the same input after one warm-up of each; the figure is
the median of the rounds, ratios are taken round by round. Exit code 0 if every case was measured,
1 if one was invalid. A target that was missed is reported, and fails only with --strict; so does a
case for which a program is missing.
"""

import argparse
import signal
import sys
from pathlib import Path

from harness.case import run_case
from harness.host_cases import HostCases
from harness.machine import Machine
from harness.process import Invalid
from harness.raw import Raw
from harness.report import print_machine, print_table, write_json
from harness.stream_cases import StreamCases


def main():
    arguments = read_arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # Ends what was started, too.
    machine = Machine()
    try:
        raw = Raw(arguments.raw.resolve(), machine)
        binary = arguments.weir.resolve()
        cases = (StreamCases(raw, binary, machine, arguments.quick).all()
                 + HostCases(raw, binary, machine, arguments.quick).all())
        if arguments.list:
            for case in cases:
                print(f"{case.name:<12}{case.title}")
            return 0
        chosen = choose(cases, arguments.cases)
        description = machine.describe()
        print_machine(description)
        results = []
        for case in chosen:
            results.append(run_case(case, arguments.runs, not arguments.quick))
            for path in machine.scratch.glob("*.ndjson"):
                path.unlink()
            write_json(arguments.out, description, results)  # What is measured is kept.
        print_table(results)
        print(f"\nreport    {arguments.out}")
        return exit_code(results, arguments.strict)
    except Invalid as reason:
        print(f"bench: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        machine.remove_scratch()


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weir", type=Path, default=Path("build/release/weir"))
    parser.add_argument("--raw", type=Path, default=Path("build/release/benchmarks"))
    parser.add_argument("--out", type=Path, default=Path("build/bench/report.json"))
    parser.add_argument("--cases", default="", help="names, separated by commas; default: all")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true",
                        help="a tenth of the input and no warm-up: a look, not a figure to quote")
    parser.add_argument("--strict", action="store_true",
                        help="exit with 1 if a target is missed or a program is missing, too")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs has to be at least 1")
    if not arguments.list and not arguments.weir.is_file():
        parser.error(f"{arguments.weir} is not there: build weir first")
    return arguments


def choose(cases, wanted):
    if not wanted:
        return cases
    by_name = {case.name: case for case in cases}
    unknown = [name for name in wanted.split(",") if name not in by_name]
    if unknown:
        raise Invalid(f"no case is called {unknown[0]}; there are {', '.join(by_name)}")
    return [by_name[name] for name in wanted.split(",")]


def exit_code(results, strict):
    if any(result["status"] == "invalid" for result in results):
        return 1
    missed = any(target["reached"] is False for result in results for target in result["targets"])
    missing = any(result["status"] == "missing" for result in results)
    return 1 if strict and (missed or missing) else 0


if __name__ == "__main__":
    sys.exit(main())
