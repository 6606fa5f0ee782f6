"""What TCP, UDP and a pipe lose when weir is killed: these have no acknowledgements, so something is
lost, and this says how much. It is bounded by what the kernel and weir's buffers held; what arrives
is whole, and nothing is glued to what the killed process left behind.
"""

import os
import statistics
from pathlib import Path

from clients import PipeClient, TcpClient, UdpClient
from loads import await_running, pause
from oracle import Oracle
from payloads import Payloads
from report import percentile
from router import Router

CONFIGURATION = """
sources:
  tcp: tcp://127.0.0.1:0
  udp: udp://127.0.0.1:0
  pipe: stdin
sinks:
  out: {url: 'file://{dir}/out.ndjson', buffer: 16MiB}
"""
RATE = 5000  # Of each of the clients.
SEND_BUFFER_BYTES = 256 << 10
# What weir holds beside the kernel: the sink's buffer, and with a full one a block of each shard.
HELD_BYTES_MAX = 24 << 20
PIPE_BYTES = 64 << 10
KINDS = ("tcp", "udp", "pipe")


def run(context):
    figures = context.figures()
    oracle = Oracle(Payloads(context.seed))
    streams = []  # For each trial: those of each kind.
    with Router(context.weir, context.folder, CONFIGURATION) as router:
        for _ in range(context.trials(5, 300)):
            streams.append(kill_once(context, router, oracle, figures))
        router.start()
        _, code = router.stop()
        figures.check(code == 0, f"the last start ended with {code}")
        figures.unaccounted += router.closing_books()["imbalance"]
    verdict = oracle.judge([context.folder / "out.ndjson"])
    figures.add(verdict)
    judge_losses(figures, verdict, streams)
    # Nothing was acknowledged: what the kernel took is no promise of weir's.
    figures.more["events_lost_in_all"] = figures.lost_acked
    figures.acknowledged = figures.lost_acked = 0
    figures.check(not verdict.corrupted, f"{verdict.corrupted} corrupted")
    figures.check(not verdict.spurious, f"{verdict.spurious} never sent")
    figures.check(not verdict.glued, f"{verdict.glued} lines of two events")
    figures.check(not verdict.duplicates, f"{verdict.duplicates} duplicates")
    figures.check(verdict.torn <= figures.faults, f"{verdict.torn} torn: more than one a kill")
    figures.check(not figures.unaccounted, "the books do not balance")
    return figures


def kill_once(context, router, oracle, figures):
    """Starts, loads, kills; the streams of each kind."""
    reading, writing = os.pipe()
    figures.recovery_seconds.append(router.start(stdin=reading))
    os.close(reading)
    clients = {
        "tcp": TcpClient(oracle, lambda: router.address("tcp"), RATE, SEND_BUFFER_BYTES),
        "udp": UdpClient(oracle, lambda: router.address("udp"), RATE),
        "pipe": PipeClient(oracle, writing, RATE)}
    for client in clients.values():
        client.start()
    pause(context, 0.1, 0.6)
    figures.trials += 1
    figures.invalid_trials += not await_running(clients.values())
    router.kill()
    figures.faults += 1
    for client in clients.values():
        client.stop()
    return {kind: client.streams for kind, client in clients.items()}


def judge_losses(figures, verdict, streams):
    """Median and p99 of the events lost by a kill, and whether they are within the bound."""
    bounds = {
        "tcp": kernel_bytes_max("net/ipv4/tcp_rmem") + 2 * SEND_BUFFER_BYTES + HELD_BYTES_MAX,
        "udp": 2 * kernel_bytes_max("net/core/rmem_max") + HELD_BYTES_MAX,
        "pipe": PIPE_BYTES + HELD_BYTES_MAX}
    for kind in KINDS:
        lost = [[verdict.lost_of.get(stream, (0, 0)) for stream in trial[kind]]
                for trial in streams]
        events = sorted(sum(one[0] for one in trial) for trial in lost)
        largest = max(sum(one[1] for one in trial) for trial in lost)
        figures.more[f"lost_per_kill_{kind}"] = {
            "p50": statistics.median(events), "p99": percentile(events, 0.99),
            "max": events[-1], "bytes_max": largest}
        figures.check(largest <= bounds[kind],
                      f"{kind} lost {largest} bytes; there was room for {bounds[kind]}")


def kernel_bytes_max(name):
    """The last number of a setting below /proc/sys."""
    return int(Path("/proc/sys", name).read_text().split()[-1])
