"""The cases of delivery.py: acknowledgements and the spool, on a disk.

What weir keeps on disk is in `disk`; what its sinks write is in memory as in the other cases, so that
the disk has nothing to do but what is measured.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from .case import Case, Target, ratio
from .process import Invalid, await_true
from .raw import RUN_SECONDS_MAX, with_rates
from .stream_cases import TCP_IN, check_size
from .weir import Weir

CLIENTS = 16
BODY_BYTES = 64 << 10
P99_MS_MAX = 20
PACED_EVENTS_PER_SECOND = 100_000  # About 40 MB/s.
CLIENT_SHARE_MAX = 0.9  # Of its core: a client that needs more is what was measured.
SYNC_BYTES = 4 << 10
GROUP_BYTES = 1 << 20   # What the spool syncs at once, at most.
# A sink that stands still keeps its connection; with its default it would try another one.
PATIENT = "timeout: 600s"
HTTP_IN = 'sources: {{in: "http://127.0.0.1:0?ack={ack}"}}\n'


class DeliveryCases:
    """Holds what the runs of these cases need; `all` gives the cases. Use it as a context."""

    def __init__(self, raw, weir_binary, machine, disk, quick):
        self.raw = raw
        self.weir_binary = weir_binary
        self.machine = machine
        disk.mkdir(parents=True, exist_ok=True)
        self.disk = Path(tempfile.mkdtemp(prefix="weir-delivery-", dir=disk.resolve()))
        self.file_system = file_system_of(self.disk)
        self.seconds = 2 if quick else 5
        self.syncs = 200 if quick else 2000
        self.bytes_total = int(5e8 if quick else 2e9)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.disk, ignore_errors=True)

    def all(self):
        return [self.durable("durable", "requests of 64 KiB", BODY_BYTES),
                self.durable("durable_one", "requests of one event", 0),
                self.idle_file(), self.idle_tcp(), self.spool(), self.frozen()]

    # The cases.

    def durable(self, name, what, body_bytes):
        return Case(
            name, f"HTTP, {CLIENTS} clients, {what}: ack=durable beside ack=received",
            {"received": lambda: self.http("received", body_bytes),
             "durable": lambda: self.http("durable", body_bytes),
             "synced": lambda: self.http("durable", body_bytes, stands_still=True),
             "disk": self.disk_syncs},
            [Target("events/s, durable / received",
                    ratio("events_per_second", "durable", "received"), 0.5),
             Target("events/s, synced / received",
                    ratio("events_per_second", "synced", "received"), 0.5),
             Target("MB per CPU-second, synced / received",
                    ratio("mb_per_cpu_second", "synced", "received")),
             Target("p99 of durable, ms", lambda r: r["durable"]["p99_us"] / 1e3, P99_MS_MAX,
                    at_least=False),
             Target("p99 of synced, ms", lambda r: r["synced"]["p99_us"] / 1e3, P99_MS_MAX,
                    at_least=False),
             Target("p99 of received, ms", lambda r: r["received"]["p99_us"] / 1e3),
             Target("p50 of synced, ms", lambda r: r["synced"]["p50_us"] / 1e3),
             Target("fdatasync of 4 KiB, p50, ms", lambda r: r["disk"]["p50_us"] / 1e3),
             Target("fdatasync of 4 KiB, p99, ms", lambda r: r["disk"]["p99_us"] / 1e3)],
            shown="events_per_second",
            notes=["durable: the sink keeps up, and what it has confirmed need not be on disk.",
                   "synced: the sink stands still, and every answer waits for fdatasync.",
                   "disk: groups of 4 KiB, one after the other."])

    def idle_file(self):
        path = self.machine.scratch / "idle.ndjson"
        sinks = f'sinks: {{out: "file://{path}"}}\n'
        return self.idle("idle_file", "TCP to a file", lambda data: self.tcp_to_file(
            data + TCP_IN + sinks, path))

    def idle_tcp(self):
        return self.idle("idle_tcp", "TCP to TCP", self.tcp_to_tcp)

    def idle(self, name, what, run):
        return Case(
            name, f"{what}: with a data_dir that is not needed, beside none",
            {"memory": lambda: run(""), "data_dir": lambda: run(self.data_dir())},
            [Target("MB/s, with / without", ratio("mb_per_second", "data_dir", "memory"), 0.97),
             Target("MB per CPU-second, with / without",
                    ratio("mb_per_cpu_second", "data_dir", "memory")),
             Target("segments that were begun all the same",
                    lambda r: r["data_dir"]["spool_bytes"] / (16 << 20))],
            shown="mb_per_second")

    def spool(self):
        return Case(
            "spool", "TCP to a sink that stands still: to disk, and back when it reads",
            {"disk": self.disk_groups, "weir": self.spool_and_back},
            [Target("MB/s to disk, weir / disk",
                    lambda r: r["weir"]["write_mb_per_second"] / r["disk"]["mb_per_second"], 0.5),
             Target("MB/s to disk", lambda r: r["weir"]["write_mb_per_second"]),
             Target("MB/s of the disk alone", lambda r: r["disk"]["mb_per_second"]),
             Target("MB/s from disk to the sink", lambda r: r["weir"]["read_mb_per_second"]),
             Target("CPU-seconds per GB, to disk and back",
                    lambda r: r["weir"]["cpu_seconds"] / (r["weir"]["bytes"] / 1e9))],
            shown="mb_per_second",
            notes=["disk: groups of 1 MiB in segments of 16 MiB that are allocated before, each "
                   "group with fdatasync."])

    def frozen(self):
        drops, spools = "when_full: drop_newest, buffer: 8MiB", "buffer: 8MiB"
        paced = ("--rate", PACED_EVENTS_PER_SECOND)
        return Case(
            "frozen", "two files and a TCP sink that stands still, beside one that reads",
            {"reads": lambda: self.three_sinks("", drops, False),
             "drops": lambda: self.three_sinks("", drops, True),
             "paced reads": lambda: self.three_sinks(self.data_dir(), spools, False, *paced),
             "paced spools": lambda: self.three_sinks(self.data_dir(), spools, True, *paced),
             "spools": lambda: self.three_sinks(self.data_dir(), spools, True)},
            [Target("MB/s of the files, drops / reads", ratio("mb_per_second", "drops", "reads"),
                    0.95),
             Target("MB/s of the files, paced spools / paced reads",
                    ratio("mb_per_second", "paced spools", "paced reads"), 0.95),
             Target("MB/s of the files, spools / reads",
                    ratio("mb_per_second", "spools", "reads"))],
            shown="mb_per_second",
            notes=["drops: the frozen sink has when_full=drop_newest; spools: a data_dir.",
                   f"paced: {PACED_EVENTS_PER_SECOND} events/s, for which the disk has room. The "
                   "others: as many as weir takes;",
                   "then the disk is the bound of what spools, and weir waits for it."])

    # Single runs.

    def data_dir(self):
        """A line of configuration with an empty folder."""
        folder = self.disk / "data"
        shutil.rmtree(folder, ignore_errors=True)
        return f"data_dir: {folder}\n"

    def http(self, ack, body_bytes, stands_still=False):
        """Requests from 16 clients for a while."""
        path = self.machine.scratch / "http.ndjson"
        path.unlink(missing_ok=True)
        with deaf() as port:
            # Nobody acknowledges. Of a TCP sink the kernel would take the first megabytes.
            sink = (f'{{url: "forward://127.0.0.1:{port}", buffer: 8MiB, spool.bytes: 32GiB, '
                    'ack_timeout: 600s}' if stands_still else f'"file://{path}"')
            config = self.data_dir() + HTTP_IN.format(ack=ack) + f"sinks: {{out: {sink}}}\n"
            with Weir(self.weir_binary, self.machine, config) as weir:
                sent = self.http_send(weir.address(), body_bytes)
                ledger = weir.ledger()
                if stands_still:
                    weir.program.kill()  # It could not deliver what it has.
                else:
                    weir.await_settled(sent["events"])
                    ledger, _ = weir.stop()
                    ledger.check_delivered(sent["events"])
                figures = {**weir.program.figures(), **sent,
                           "cpu_seconds": weir.program.figures()["cpu_seconds"],
                           "client_share": sent["cpu_seconds"] / sent["seconds"]}
        if ledger.received != sent["events"] or ledger.imbalance or ledger.lost:
            raise Invalid(f"{sent['events']} events were acknowledged, weir received "
                          f"{ledger.received} and lost {ledger.lost}")
        if stands_still and ledger.delivered:
            raise Invalid("the sink did not stand still")
        if figures["client_share"] > CLIENT_SHARE_MAX:
            raise Invalid(f"the clients took {figures['client_share']:.2f} of their core")
        return with_rates(figures)

    def http_send(self, address, body_bytes):
        command = ["taskset", "-c", str(min(self.machine.generator_cores)),
                   self.raw.path("http_send"), address, *self.machine.payload_arguments,
                   "--seconds", self.seconds, "--connections", CLIENTS, "--body", body_bytes]
        return run_to_json(command, "the clients")

    def disk_syncs(self):
        return self.disk_write(self.syncs * SYNC_BYTES, SYNC_BYTES)

    def disk_groups(self):
        return self.disk_write(self.bytes_total, GROUP_BYTES)

    def disk_write(self, bytes_total, group_bytes):
        command = ["taskset", "-c", str(max(self.machine.program_cores)),
                   self.raw.path("disk_write"), self.disk, "--bytes", bytes_total,
                   "--group", group_bytes]
        figures = run_to_json(command, "the disk")
        figures["mb_per_second"] = figures["bytes"] / 1e6 / figures["seconds"]
        figures["events_per_second"] = figures["syncs"] / figures["seconds"]
        return figures

    def tcp_to_file(self, config, path):
        self.machine.make_room(path, self.bytes_total)
        with Weir(self.weir_binary, self.machine, config) as weir:
            sent = self.raw.send_tcp(weir.address(), self.bytes_total)
            figures = finish(weir, sent)
        check_size(path, sent["bytes"])
        return figures

    def tcp_to_tcp(self, data):
        program, address = self.raw.start("receive")
        with program:
            config = data + TCP_IN + f'sinks: {{out: "tcp://{address}"}}\n'
            with Weir(self.weir_binary, self.machine, config) as weir:
                sent = self.raw.send_tcp(weir.address(), self.bytes_total)
                figures = finish(weir, sent)
            arrived = self.raw.finish(program, "receive")
        if arrived["bytes"] != sent["bytes"]:
            raise Invalid(f"{sent['bytes']} bytes were sent, {arrived['bytes']} arrived")
        return figures

    def spool_and_back(self):
        """The receiver is stopped while all is sent, and goes on when it is on disk."""
        program, address = self.raw.start("receive")
        with program:
            os.kill(program.pid, signal.SIGSTOP)
            config = (self.data_dir() + TCP_IN + f'sinks: {{out: {{url: "tcp://{address}", '
                      f"buffer: 8MiB, spool.bytes: 32GiB, {PATIENT}}}}}\n")
            with Weir(self.weir_binary, self.machine, config) as weir:
                sent = self.raw.send_tcp(weir.address(), self.bytes_total)
                written = await_spooled(weir, sent["events"])
                os.kill(program.pid, signal.SIGCONT)
                begun = time.monotonic()
                figures = finish(weir, sent)
                read_seconds = sent["started"] + figures["seconds"] - begun
            arrived = self.raw.finish(program, "receive")
        if arrived["bytes"] != sent["bytes"]:
            raise Invalid(f"{sent['bytes']} bytes were sent, {arrived['bytes']} arrived")
        megabytes = sent["bytes"] / 1e6
        return {**figures, "write_mb_per_second": megabytes / (written - sent["started"]),
                "read_mb_per_second": megabytes / read_seconds}

    def three_sinks(self, data, options, freeze, *send_arguments):
        """The rate of two files beside a third sink."""
        paths = [self.machine.scratch / f"{name}.ndjson" for name in ("first", "second")]
        bytes_total = self.bytes_total // (10 if send_arguments else 2)
        for path in paths:
            self.machine.make_room(path, bytes_total)
        program, address = self.raw.start("receive")
        with program:
            if freeze:
                os.kill(program.pid, signal.SIGSTOP)
            config = (data + TCP_IN + f'sinks:\n  first: "file://{paths[0]}"\n'
                      f'  second: "file://{paths[1]}"\n'
                      f'  third: {{url: "tcp://{address}", {options}, {PATIENT}}}\n')
            with Weir(self.weir_binary, self.machine, config) as weir:
                sent = self.raw.send_tcp(weir.address(), bytes_total, *send_arguments)
                ended = await_files(weir, sent["events"])
                ledger = weir.ledger()
                weir.program.kill()  # The third has no end.
                figures = {**weir.program.figures(), "bytes": sent["bytes"],
                           "events": sent["events"], "seconds": ended - sent["started"]}
            program.kill()
        for path in paths:
            check_size(path, sent["bytes"])
        third_has_all = ledger.delivered_by_sink["third"] == sent["events"]
        if ledger.imbalance or (freeze and third_has_all):
            raise Invalid("the third sink was not frozen, or the ledger does not balance")
        return with_rates(figures)


@contextmanager
def deaf():
    """The port of somebody who never reads."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def finish(weir, sent):
    """All is delivered; the figures of the run."""
    settled = weir.await_settled(sent["events"])
    ledger, _ = weir.stop()
    ledger.check_delivered(sent["events"])
    return with_rates({**weir.program.figures(), "bytes": sent["bytes"], "events": sent["events"],
                       "seconds": settled - sent["started"], "spool_bytes": ledger.spool_bytes})


def await_spooled(weir, events):
    """When all of it was received, and what memory does not keep was on disk."""
    before, moved = None, time.monotonic()

    def at_rest():
        nonlocal before, moved
        ledger = weir.ledger()
        state = (ledger.received, ledger.in_spool)
        if state != before:
            before, moved = state, time.monotonic()
        # A group is synced after milliseconds: half a second without news is rest.
        return ledger.received == events and ledger.in_spool and time.monotonic() - moved > 0.5
    await_true(at_rest, RUN_SECONDS_MAX, "all of it on disk", weir.program, poll_seconds=0.01)
    return moved


def await_files(weir, events):
    """When both have everything."""
    def both():
        delivered = weir.ledger().delivered_by_sink
        return delivered["first"] == delivered["second"] == events
    await_true(both, RUN_SECONDS_MAX, "all of it in both files", weir.program, poll_seconds=0.002)
    return time.monotonic()


def run_to_json(command, who):
    """What a program of benchmarks/raw says in its one line."""
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                              timeout=RUN_SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired:
        raise Invalid(f"{who} did not end within {RUN_SECONDS_MAX} s") from None
    if done.returncode != 0:
        raise Invalid(f"{who} failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def file_system_of(folder):
    """Its type, by the longest mount point above the folder. One in memory is no disk."""
    best, kind = "", "unknown"
    for line in Path("/proc/mounts").read_text().splitlines():
        _, point, name = line.split()[:3]
        if folder.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, name
    if kind == "tmpfs":
        raise Invalid(f"{folder} is in memory: name a folder on a disk with --disk")
    return kind
