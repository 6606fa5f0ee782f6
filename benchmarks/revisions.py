#!/usr/bin/env python3
"""Compares two builds of weir on the same machine, run beside run: the guard against getting slower.

    benchmarks/revisions.py --base build/base/weir --weir build/release/weir \\
                            --raw build/release/benchmarks --out build/bench/revisions.json

Runs of the two alternate on the same input; the figure is the median of what the rounds' ratios
are, new over base. It is information and no gate: exit code 1 only if a run was invalid.
`make bench-compare BASE=<revision>` builds the other revision first.
"""

import argparse
import sys
from pathlib import Path

from harness.campaign import any_invalid, on_a_machine, run_cases
from harness.case import Case, Target, ratio
from harness.raw import Raw
from harness.stream_cases import TCP_IN, THREE_ROUTES, StreamCases

ROUTES_TO_BLACKHOLE = TCP_IN + THREE_ROUTES.format(to="out") + "sinks: {out: blackhole}\n"


def pair(name, title, base, new, figure="mb_per_cpu_second"):
    """A case of the two, in which a ratio above 1 says that the new one is better."""
    return Case(name, title, {"base": base, "new": new},
                [Target(f"{figure.replace('_', ' ')}, new / base", ratio(figure, "new", "base"))],
                shown=figure)


def cases(base, new):
    """The cases in which a loss of speed shows first. Both are StreamCases."""
    file = new.scratch("weir.ndjson")
    to_file = (TCP_IN + THREE_ROUTES.format(to="out") + f'sinks: {{out: "file://{file}"}}\n')
    unparsed = TCP_IN + "sinks: {out: blackhole}\n"
    return [
        pair("blackhole", "TCP, three-field route, blackhole",
             lambda: base.weir_tcp(ROUTES_TO_BLACKHOLE, base.read_bytes),
             lambda: new.weir_tcp(ROUTES_TO_BLACKHOLE, new.read_bytes)),
        pair("unparsed", "TCP, nothing asked, blackhole",
             lambda: base.weir_tcp(unparsed, base.read_bytes),
             lambda: new.weir_tcp(unparsed, new.read_bytes)),
        pair("file", "TCP, three-field route, file",
             lambda: base.weir_tcp(to_file, base.write_bytes, files=[file]),
             lambda: new.weir_tcp(to_file, new.write_bytes, files=[file])),
        pair("udp", "UDP, datagrams of 400 bytes, blackhole",
             lambda: base.weir_udp(base.datagrams), lambda: new.weir_udp(new.datagrams),
             "events_per_cpu_second"),
    ]


def main():
    arguments = read_arguments()
    return on_a_machine("bench-compare", lambda machine: compare(arguments, machine))


def compare(arguments, machine):
    raw = Raw(arguments.raw.resolve(), machine)
    base = StreamCases(raw, arguments.base.resolve(), machine, arguments.quick)
    new = StreamCases(raw, arguments.weir.resolve(), machine, arguments.quick)
    results = run_cases(cases(base, new), machine, arguments.out, arguments.runs)
    return 1 if any_invalid(results) else 0


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--base", type=Path, required=True, help="weir as it was")
    parser.add_argument("--weir", type=Path, default=Path("build/release/weir"))
    parser.add_argument("--raw", type=Path, default=Path("build/release/benchmarks"))
    parser.add_argument("--out", type=Path, default=Path("build/bench/revisions.json"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the input")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
