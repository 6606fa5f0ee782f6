#!/usr/bin/env python3
"""Measures weir beside other routers, on the same load, and weir alone while one thing grows.

    benchmarks/compare.py --weir build/release/weir --out build/bench [--cases a,b] [--routers a,b]
                          [--runs 5] [--quick] [--scaling none]
                          [--raw-report build/bench/report.json]

Writes comparison.json and comparison.html to --out. Exit code 0 if weir was measured in every case,
1 if it failed or a run of it was invalid: what others do is reported, and no fault of ours.
"""

import argparse
import json
import sys
from pathlib import Path

from comparison import scaling
from comparison.case_folder import CaseError, load_cases
from comparison.contest import CANNOT, MISSING, hold, ranked
from comparison.cores import share_cores
from comparison.html_report import write_page
from comparison.routers import find_routers
from comparison.run import Job, Runner
from comparison.text_report import print_case, print_series
from comparison.verdict import MEASURED
from harness.campaign import on_a_machine
from harness.host_cases import allow_descriptors
from harness.process import Invalid
from harness.report import print_machine

DESCRIPTORS = 12_000  # For 10,000 connections; children inherit it.


def main():
    arguments = read_arguments()
    try:
        cases = chosen(load_cases(), arguments.cases, "case")
        routers = chosen({each.name: each for each in find_routers(arguments.weir.resolve())},
                         arguments.routers, "router")
        series = chosen({each.name: each for each in scaling.all_series(core_count())},
                        arguments.scaling, "series")
    except (CaseError, Invalid) as reason:
        print(f"compare: {reason}", file=sys.stderr)
        return 2
    if arguments.list:
        for name, case in cases.items():
            print(f"{name:<24}{case.title}")
        return 0
    return on_a_machine(
        "compare", lambda machine: measure(arguments, machine, cases, routers, series))


def measure(arguments, machine, cases, routers, series):
    try:
        allow_descriptors(DESCRIPTORS)
    except Invalid as reason:  # Only the cases with many connections will miss them, and say so.
        print(f"compare: {reason}", file=sys.stderr)
    cores = share_cores(arguments.router_cores)
    report = begin(arguments, machine, routers, cores)
    runner = Runner(arguments.weir.resolve(), machine.scratch)
    for case in cases.values():
        report["cases"].append(run_case(case, routers, runner, cores, arguments))
        print_case(report["cases"][-1])
        write(arguments.out, report)  # What is measured is kept.
    weir = routers.get("weir")
    for each in series.values() if weir and weir.binary else []:
        report["scaling"].append(
            scaling.measure(each, weir, runner, arguments.runs, arguments.quick))
        print_series(report["scaling"][-1])
        write(arguments.out, report)
    print(f"\nreport    {arguments.out / 'comparison.html'}")
    print(f"          {arguments.out / 'comparison.json'}")
    return exit_code(report)


def begin(arguments, machine, routers, cores):
    description = machine.describe()
    # The input is the generator's own here; see the load of each case.
    description.update(input="made up by weir bench with seed 1", cores_shared=cores.shared)
    print_machine(description)
    for router in routers.values():
        print(f"{router.name:<12}{router.version or 'MISSING: ' + router.where_from}")
    return {"machine": description, "cores": cores.describe(),
            "settings": {"runs": arguments.runs, "quick": arguments.quick},
            "routers": [router.describe() for router in routers.values()],
            "raw": read_raw(arguments.raw_report), "cases": [], "scaling": []}


def run_case(case, routers, runner, cores, arguments):
    outcomes, jobs = {}, {}
    for name, router in routers.items():
        if router.binary is None:
            outcomes[name] = {"status": MISSING, "reason": router.where_from}
        elif name in case.cannot:
            outcomes[name] = {"status": CANNOT, "reason": case.cannot[name]}
        else:
            jobs[name] = Job(router=router, template=case.templates[name].read_text(),
                             to=case.to, collect=case.collect,
                             load=case.load_for(arguments.quick), values=case.values,
                             cores=cores, allow_loss=case.allow_loss, settle=case.settle,
                             stalled=case.stalled)
    outcomes.update(hold(case.name, jobs, runner, arguments.runs, warm_up=not arguments.quick))
    return {"name": case.name, "title": case.title, "shows": case.shows,
            "load": case.load_for(arguments.quick), "collected": bool(case.collect),
            "allow_loss": case.allow_loss, "saturates": case.saturates, "notes": case.notes,
            "raw_limit": case.raw_limit, "ranking": ranked(outcomes, case.saturates),
            "routers": {name: outcomes[name] for name in routers}}


def write(folder, report):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "comparison.json").write_text(json.dumps(report, indent=1, default=str) + "\n")
    write_page(folder / "comparison.html", report)


def read_raw(path):
    """MB/s of each side of each case of bench.py's report: the limit that charts show."""
    if path is None:
        return {}
    try:
        cases = json.loads(path.read_text())["cases"]
    except (OSError, ValueError, KeyError) as error:
        print(f"compare: no raw limit: {path}: {error}", file=sys.stderr)
        return {}
    return {case["name"]: {side: figures["mb_per_second"]["median"]
                           for side, figures in case["medians"].items()
                           if "mb_per_second" in figures}
            for case in cases if case.get("status") == "measured"}


def chosen(by_name, wanted, kind):
    """Those of the list with commas; all of them without one, none for "none"."""
    if wanted == "":
        return by_name
    names = [] if wanted == "none" else wanted.split(",")
    for name in names:
        if name not in by_name:
            raise Invalid(f"no {kind} is called {name}; there are {', '.join(by_name)}")
    return {name: by_name[name] for name in names}


def core_count():
    return len(share_cores(1 << 20).router)


def exit_code(report):
    weir = [case["routers"]["weir"]["status"] for case in report["cases"]
            if "weir" in case["routers"]]
    points = [point["status"] for series in report["scaling"] for point in series["points"]]
    return 0 if all(status == MEASURED for status in weir + points) else 1


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weir", type=Path, default=Path("build/release/weir"))
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="a folder")
    parser.add_argument("--cases", default="", help="names, separated by commas; default: all")
    parser.add_argument("--routers", default="", help="the same; default: all that are installed")
    parser.add_argument("--scaling", default="", help="series of weir alone, or none; default: all")
    parser.add_argument("--runs", type=int, help="counted runs of each; 5, with --quick 3")
    parser.add_argument("--router-cores", type=int, default=1,
                        help="how many cores each router gets (default: 1)")
    parser.add_argument("--raw-report", type=Path, help="the report of bench.py, for its limits")
    parser.add_argument("--quick", action="store_true",
                        help="short runs without a warm-up: a look, not a figure to quote")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    arguments = parser.parse_args()
    if arguments.runs is None:
        arguments.runs = 3 if arguments.quick else 5
    if arguments.runs < 1 or arguments.router_cores < 1:
        parser.error("--runs and --router-cores have to be at least 1")
    if not arguments.list and not arguments.weir.is_file():
        parser.error(f"{arguments.weir} is not there: build weir first")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
