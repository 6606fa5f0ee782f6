"""What the tests share: the path to the modules, and the fixture. The tests need no router; with
WEIR in the environment, the configurations for weir are checked by it."""

import json
import os
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(BENCHMARKS))

FIXTURE = Path(__file__).resolve().parent / "fixtures" / "comparison.json"
WEIR = os.environ.get("WEIR")

# As the runner would give them.
VALUES = {"DIR": "/tmp/nowhere", "OUT": "/tmp/nowhere/out", "PORT": 15170, "OUT_PORT": 15171,
          "STALLED_PORT": 15172, "CORES": 1}


def fixture():
    return json.loads(FIXTURE.read_text())
