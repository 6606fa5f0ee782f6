"""Which cores the router gets, and which the load generator and collector."""

import os
import shutil
from dataclasses import dataclass


@dataclass
class Cores:
    router: list
    bench: list

    @property
    def shared(self):
        """Whether some core has to do both."""
        return bool(set(self.router) & set(self.bench))

    def describe(self):
        return {"router": self.router, "bench": self.bench, "shared": self.shared}


def share_cores(wanted, available=None):
    """`wanted` cores for the router, from the last on: interrupts and other people's work tend to
    be on the first. The rest is the generator's, which always has one: shared if need be."""
    available = sorted(os.sched_getaffinity(0)) if available is None else sorted(available)
    wanted = min(wanted, len(available))
    router = available[-wanted:]
    return Cores(router=router, bench=available[:-wanted] or available[:1])


def pinned(cores, command):
    """The command on these cores; taskset becomes it, so the process id stays."""
    if shutil.which("taskset") is None:
        return list(command)
    return ["taskset", "-c", ",".join(str(core) for core in cores), *command]
