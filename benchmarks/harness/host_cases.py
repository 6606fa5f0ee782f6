"""The cases that are about the process: latency, memory, start and stop."""

import json
import resource
import socket
import subprocess

from .case import Case, Target
from .process import Invalid, await_true, memory_bytes
from .weir import Weir

EVENTS_PER_SECOND = 1000
IDLE_CONNECTIONS = 10_000
DESCRIPTORS_SPARE = 1_000
MIB = 1 << 20
LATENCIES = ("p50_us", "p90_us", "p99_us", "max_us")


class HostCases:
    """Holds what the runs of these cases need; `all` gives the cases."""

    def __init__(self, raw, weir_binary, machine, quick):
        self.raw = raw
        self.weir_binary = weir_binary
        self.machine = machine
        self.events = 2_000 if quick else 10_000
        self.output = machine.scratch / "host.ndjson"
        self.config = ('sources: {in: "tcp://127.0.0.1:0"}\n'
                       f'sinks: {{out: "file://{self.output}"}}\n')

    def all(self):
        return [self.latency(), self.memory(), self.start_stop()]

    # The cases.

    def latency(self):
        return Case(
            "latency", f"TCP to file at {EVENTS_PER_SECOND} events/s",
            {"raw": self.raw_latency, "weir": self.weir_latency},
            [Target("p50, microseconds", lambda r: r["weir"]["p50_us"], 200, at_least=False),
             Target("p99, microseconds", lambda r: r["weir"]["p99_us"], 1000, at_least=False),
             Target("p50 of raw, microseconds", lambda r: r["raw"]["p50_us"]),
             Target("p99 of raw, microseconds", lambda r: r["raw"]["p99_us"])],
            shown="p50_us",
            notes=["Both hold the wake-up of the reader that inotify causes: raw is the floor."])

    def memory(self):
        return Case(
            "memory", f"idle memory, and {IDLE_CONNECTIONS} idle connections",
            {"weir": self.weir_memory},
            [Target("idle after one event, MiB",
                    lambda r: r["weir"]["idle_rss_bytes"] / MIB, 8, at_least=False),
             Target("added by the connections, MiB",
                    lambda r: r["weir"]["added_rss_bytes"] / MIB, 32, at_least=False),
             Target("before the first event, MiB", lambda r: r["weir"]["fresh_rss_bytes"] / MIB)],
            shown="idle_rss_bytes",
            notes=["VmRSS of the process; what the kernel holds for the sockets is not in it."])

    def start_stop(self):
        return Case(
            "start_stop", "start to ready, SIGTERM to end when idle",
            {"weir": self.weir_start_stop},
            [Target("ready, milliseconds", lambda r: r["weir"]["ready_ms"], 20, at_least=False),
             Target("ended, milliseconds", lambda r: r["weir"]["end_ms"], 50, at_least=False)],
            shown="ready_ms")

    # Single runs.

    def raw_latency(self):
        self.output.unlink(missing_ok=True)
        program, address = self.raw.start("receive_fields_write", self.output)
        with program:
            figures = self.measure(address)
            self.raw.finish(program, "receive_fields_write")
        return {**figures, **program.figures()}

    def weir_latency(self):
        self.output.unlink(missing_ok=True)
        with Weir(self.weir_binary, self.machine, self.config) as weir:
            figures = self.measure(weir.address())
            ledger, _ = weir.stop()
            figures.update(weir.program.figures())
        if ledger.delivered != ledger.received or ledger.received < figures["sent"]:
            raise Invalid(f"{figures['sent']} events were sent, weir received {ledger.received} "
                          f"and delivered {ledger.delivered}")
        return figures

    def measure(self, address):
        command = ["taskset", "-c", str(min(self.machine.generator_cores)),
                   self.raw.path("latency"), address, self.output, "--rate", EVENTS_PER_SECOND,
                   "--count", self.events]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                              timeout=self.events / EVENTS_PER_SECOND + 60, check=False)
        if done.returncode != 0:
            raise Invalid(f"raw_latency failed: {done.stdout.strip()} {done.stderr.strip()}")
        figures = json.loads(done.stdout)
        if any(name not in figures for name in LATENCIES):
            raise Invalid("no latency was measured")
        return figures

    def weir_memory(self):
        allow_descriptors(IDLE_CONNECTIONS + DESCRIPTORS_SPARE)
        config = self.config.replace(
            '"tcp://127.0.0.1:0"',
            f'"tcp://127.0.0.1:0?max_connections={IDLE_CONNECTIONS + 1}"')
        with Weir(self.weir_binary, self.machine, config) as weir:
            fresh_bytes = memory_bytes(weir.program.pid, "VmRSS")
            # One event, so that what is only made when it is needed has been made.
            host, port = weir.address().split(":")
            with socket.create_connection((host, int(port))) as one:
                one.sendall(b'{"level":"info","app":"web","status":200}\n')
            weir.await_settled(1)
            idle_bytes = memory_bytes(weir.program.pid, "VmRSS")
            connections = open_connections(host, int(port))
            try:
                await_true(lambda: weir.ledger().connections >= IDLE_CONNECTIONS, 30,
                           f"{IDLE_CONNECTIONS} connections", weir.program, poll_seconds=0.2)
                connected_bytes = memory_bytes(weir.program.pid, "VmRSS")
            finally:
                for connection in connections:
                    connection.close()
            ledger, _ = weir.stop()
        ledger.check_delivered(1)
        return {**weir.program.figures(), "idle_rss_bytes": idle_bytes,
                "fresh_rss_bytes": fresh_bytes,
                "connected_rss_bytes": connected_bytes,
                "added_rss_bytes": connected_bytes - idle_bytes}

    def weir_start_stop(self):
        with Weir(self.weir_binary, self.machine, self.config) as weir:
            ready_ms = weir.seconds_to_ready * 1e3
            _, seconds = weir.stop()
        return {**weir.program.figures(), "ready_ms": ready_ms, "end_ms": seconds * 1e3}


def allow_descriptors(count):
    """For this process and those that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise Invalid(f"only {hard} open files are allowed, {count} are needed: ulimit -n")
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def open_connections(host, port):
    connections = []
    try:
        for _ in range(IDLE_CONNECTIONS):
            connections.append(socket.create_connection((host, port), timeout=10))
    except OSError as error:
        for connection in connections:
            connection.close()
        raise Invalid(f"connection {len(connections) + 1} of {IDLE_CONNECTIONS}: {error}") from None
    return connections
