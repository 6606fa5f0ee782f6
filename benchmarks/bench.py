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
import sys
from pathlib import Path

from harness.campaign import any_invalid, on_a_machine, run_cases
from harness.host_cases import HostCases
from harness.kafka_cases import KafkaCases
from harness.process import Invalid
from harness.raw import Raw
from harness.stream_cases import StreamCases


def main():
    arguments = read_arguments()
    return on_a_machine("bench", lambda machine: measure(arguments, machine))


def measure(arguments, machine):
    raw = Raw(arguments.raw.resolve(), machine)
    binary = arguments.weir.resolve()
    streams = StreamCases(raw, binary, machine, arguments.quick)
    with KafkaCases(streams, arguments.quick) as kafka:
        cases = (streams.all() + HostCases(raw, binary, machine, arguments.quick).all()
                 + kafka.all())
        if arguments.list:
            for case in cases:
                print(f"{case.name:<12}{case.title}")
            return 0
        results = run_cases(choose(cases, arguments.cases), machine, arguments.out,
                            arguments.runs, not arguments.quick)
        return exit_code(results, arguments.strict)


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
    if any_invalid(results):
        return 1
    missed = any(target["reached"] is False for result in results for target in result["targets"])
    missing = any(result["status"] == "missing" for result in results)
    return 1 if strict and (missed or missing) else 0


if __name__ == "__main__":
    sys.exit(main())
