"""One run: folders, ports and configuration, then `weir bench`, then its JSON result, judged."""

import json
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.process import Invalid

from .cores import pinned
from .stalled import StalledListener
from .template import TemplateError, render
from .verdict import INVALID, invalid, judge

RUN_SECONDS_MAX = 180
# Copies that come later than this after everything has are found by the tests, not here: there are
# hundreds of runs.
LATE = "200ms"
COMPLAINT_LINES = 8
COMPLAINT_MAX = 600  # Characters: it is shown in a table.


@dataclass
class Job:
    """What is to be run. The same job runs several times."""

    router: object        # Router, found.
    template: str         # The text of its configuration.
    to: str
    collect: list
    load: dict
    values: dict          # For the template, besides the ports and folders.
    cores: object
    allow_loss: bool = False
    settle: str = "2s"
    stalled: bool = False


class Runner:
    """Runs jobs, one at a time, each in a folder of its own that is gone afterwards."""

    def __init__(self, bench_binary, scratch):
        self.bench_binary = str(bench_binary)
        self.scratch = Path(scratch)
        self.count = 0

    def run(self, job):
        """A Run, whatever happens."""
        self.count += 1
        folder = self.scratch / f"run-{self.count}"
        out = folder / "out"
        out.mkdir(parents=True)
        try:
            with StalledListener(job.stalled) as stalled:
                return self.run_in(job, folder, out, stalled.port)
        except (TemplateError, Invalid, OSError) as error:
            return invalid(str(error))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def run_in(self, job, folder, out, stalled_port):
        datagrams = job.to.startswith("udp:")
        values = {"DIR": folder, "OUT": out, "PORT": free_port(datagrams), "OUT_PORT": free_port(),
                  "STALLED_PORT": stalled_port, "CORES": len(job.cores.router), **job.values}
        configuration = folder / "configuration"
        # Some routers tell the language by the name.
        configuration = configuration.with_suffix(
            ".conf" if job.router.name in ("rsyslog", "syslog-ng") else ".yaml")
        configuration.write_text(render(job.template, values))
        router = pinned(job.cores.router,
                        job.router.command(job.router.binary, configuration, folder))
        bench = self.bench_words(job, values, folder)
        return self.finish(job, folder, [*bench, "--", *router])

    def bench_words(self, job, values, folder):
        words = [self.bench_binary, "bench", "--quiet", "--to", render(job.to, values),
                 "--settle", job.settle, "--late", LATE, "--json", folder / "result.json"]
        for url in job.collect:
            words += ["--collect", render(url, values)]
        for name, value in job.load.items():
            words += [f"--{name}", str(value)]
        return words + (["--allow-loss"] if job.allow_loss else [])

    def finish(self, job, folder, words):
        command = [str(word) for word in pinned(job.cores.bench, words)]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, errors="replace", cwd=folder,
                                  timeout=RUN_SECONDS_MAX, check=False)
        except subprocess.TimeoutExpired:
            return invalid(f"not done after {RUN_SECONDS_MAX} s")
        try:
            result = json.loads((folder / "result.json").read_text())
        except (OSError, ValueError):
            return invalid(f"no result: {complaint(done.stderr)}")
        run = judge(result, bool(job.collect), job.allow_loss)
        if run.status == INVALID:
            run.reason += said(complaint(done.stderr))
        return run


def said(text):
    return f" ({text})" if text else ""


def complaint(text):
    """The last lines that the router, or the bench, said on stderr."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return " | ".join([line for line in lines if line][-COMPLAINT_LINES:])[-COMPLAINT_MAX:]


def free_port(datagrams=False):
    """Not every router can say which port it chose, so one is chosen for all."""
    kind = socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM
    with socket.socket(type=kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
