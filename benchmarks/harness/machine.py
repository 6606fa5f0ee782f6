"""Where a measurement runs: cores, scratch folder, input, and what to say about the machine."""

import datetime
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
REAL_PAYLOAD = PROJECT.parent / "shared" / "data" / "access.ndjson"
SEED = 1  # Of the events that are made up where the real file is not there.
SCRATCH_FREE_BYTES_MIN = 6 << 30  # Two output files of the largest case, and room to spare.


class Machine:
    """The two cores, the scratch folder and the input that all cases share."""

    def __init__(self):
        cores = sorted(os.sched_getaffinity(0))
        # The last core for the program under test: interrupts and other people's work tend to be
        # on the first. With one core there is nothing to choose.
        self.program_cores = {cores[-1]}
        self.generator_cores = {cores[0]}
        self.scratch = Path(tempfile.mkdtemp(prefix="weir-bench-", dir=scratch_parent()))
        self.payload_arguments, self.payload_text = choose_payload()

    def remove_scratch(self):
        shutil.rmtree(self.scratch, ignore_errors=True)

    def make_room(self, path, bytes_count):
        """Removes an output file of the run before, and writes and removes one of `bytes_count`.

        A virtual machine gives free memory back to its host after a while, and the first to touch
        it again pays: up to half of the time of a run, now on this side, now on that. So it is
        touched here, and in nobody's time."""
        path.unlink(missing_ok=True)
        chunk = bytes(1 << 20)
        with open(path, "wb") as file:
            for _ in range(bytes_count // len(chunk) + 1):
                file.write(chunk)
        path.unlink()

    def describe(self):
        memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return {
            "when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "processor": processor_name(),
            "cores": os.cpu_count(),
            "program_core": min(self.program_cores),
            "generator_core": min(self.generator_cores),
            "cores_shared": self.program_cores == self.generator_cores,
            "memory_bytes": memory_bytes,
            "kernel": platform.release(),
            "virtual": "hypervisor" in read_text("/proc/cpuinfo"),
            "load_before": os.getloadavg()[0],
            "scratch": str(self.scratch),
            "scratch_is_tmpfs": str(self.scratch).startswith("/dev/shm/"),
            "input": self.payload_text,
            "revision": revision(),
        }


def scratch_parent():
    """A folder in memory if there is one with room, else the usual one: None."""
    memory = "/dev/shm"
    if not os.access(memory, os.W_OK):
        return None
    return memory if shutil.disk_usage(memory).free >= SCRATCH_FREE_BYTES_MIN else None


def choose_payload():
    if REAL_PAYLOAD.is_file():
        return ["--payload", str(REAL_PAYLOAD)], f"{REAL_PAYLOAD.name} (real requests)"
    return ["--seed", str(SEED)], f"made up with seed {SEED}"


def read_text(path):
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def processor_name():
    for line in read_text("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def revision():
    command = ["git", "-C", str(PROJECT), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
