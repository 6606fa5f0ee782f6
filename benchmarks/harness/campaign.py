"""What every program of the benchmarks does around its measuring: a machine to measure on, an end
that leaves nothing behind, and cases measured one after the other.
"""

import signal
import sys

from .case import run_case
from .machine import Machine
from .process import Invalid
from .report import print_machine, print_table, write_json


def on_a_machine(program, work):
    """The exit code of work(machine); whatever was started and written for it is gone then."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # Ends what was started, too.
    machine = Machine()
    try:
        return work(machine)
    except Invalid as reason:
        print(f"{program}: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        machine.remove_scratch()


def run_cases(cases, machine, out, rounds, warm_up=True):
    """What became of each, told on the terminal and written to `out`."""
    description = machine.describe()
    print_machine(description)
    results = []
    for case in cases:
        results.append(run_case(case, rounds, warm_up))
        for path in machine.scratch.glob("*.ndjson"):
            path.unlink()
        write_json(out, description, results)  # What is measured is kept.
    print_table(results)
    print(f"\nreport    {out}")
    return results


def any_invalid(results):
    return any(result["status"] == "invalid" for result in results)
