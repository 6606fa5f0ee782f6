"""The long forms of the spool's unit tests: a million random lives on a simulated disk beside a
model, one life ended at every call, and damage at every byte of a segment. (`make test` runs the
short ones.)"""

import os
import re
import subprocess
from pathlib import Path

from report import Skipped

SEQUENCES = 1_000_000
AT_ONCE = 20_000
LIVES = re.compile(r"(\d+) calls, (\d+) lives")


def run(context):
    figures = context.figures()
    programs = context.weir.parent / "tests/unit/spool"
    model, damage = programs / "spool_model_test", programs / "spool_test"
    if not context.long:
        raise Skipped("the short form is a unit test")
    if not model.exists() or not damage.exists():
        raise Skipped(f"{model} and {damage} are not built")
    crashes = start(model, "a spool that is ended*", "-s")
    found = LIVES.search(crashes.stdout)
    figures.check(crashes.returncode == 0 and found, crashes.stdout[-2000:])
    if found:
        figures.more["crash_points"] = {"calls": int(found[1]), "lives": int(found[2])}
    damaged = start(damage, "*", WEIR_SPOOL_LONG="1")
    figures.check(damaged.returncode == 0, damaged.stdout[-2000:])
    while figures.trials < context.trials(0, SEQUENCES) and not figures.problems:
        # Seeds that nobody else has, and that follow from the test's.
        seed = (context.seed << 24) + figures.trials
        lived = start(model, "whatever happens*", WEIR_SPOOL_SEED=str(seed),
                      WEIR_SPOOL_SEQUENCES=str(AT_ONCE))
        figures.check(lived.returncode == 0, lived.stdout[-2000:])
        figures.trials += AT_ONCE
    return figures


def start(program, *words, **environment):
    """Runs it to its end; in memory, where there is such a place: no file is to survive."""
    place = {"TMPDIR": "/dev/shm"} if Path("/dev/shm").is_dir() else {}
    return subprocess.run([program, *words], env=os.environ | place | environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
