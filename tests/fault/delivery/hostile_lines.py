"""Hostile loads over TCP. Each is given a Context, a router with YAML[name] and the Figures, and returns
what its load was."""

import resource
import socket
import time

from clients import BATCH_EVENTS_MAX, TcpClient
from oracle import Oracle
from payloads import Payloads
from router import component
from waiting import await_true

MEMORY_BYTES = 64 << 20  # `memory` of every router.
PATIENCE_SECONDS = 60
TCP = "sources: {in: 'tcp://127.0.0.1:0?max_event_bytes=2MiB'}\n"
TO_FILE = "sinks: {out: 'file://{dir}/out.ndjson'}\n"
DESCRIPTORS_KEPT = 500  # Of this process and of weir, for all else.


def received(router):
    """By the source."""
    return component(router.books(), "sources", "in")["received"]


def connect(router):
    """To the source."""
    return socket.create_connection(router.address("in"), PATIENCE_SECONDS)


def still_works(router, one):
    """An event more, over a connection that may have a past, is received."""
    before = received(router)
    one.sendall(b'\n{"last":true}\n')
    await_true(lambda: received(router) > before, PATIENCE_SECONDS, "an event behind the load")


def idle_connections(context, router, figures):
    """Each may have begun a line, and waits."""
    del context, figures
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    wanted = min(10_000, hard - DESCRIPTORS_KEPT)
    connections = []
    try:
        for number in range(wanted):
            one = connect(router)
            if number % 2:
                one.sendall(b'{"begun":')
            connections.append(one)
        await_true(lambda: component(router.books(), "sources", "in")["connections"] == wanted,
                   PATIENCE_SECONDS, "the connections")
        still_works(router, connections[1])
    finally:
        for one in connections:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return f"{wanted} connections"


def long_lines(context, router, figures):
    """Lines of a megabyte that all begin before the first ends."""
    del context, figures
    connections = [connect(router) for _ in range(200)]
    piece = b"x" * (1 << 18)
    for _ in range(4):
        for one in connections:
            one.sendall(piece)
    for one in connections:
        one.sendall(b"\n")
    await_true(lambda: received(router) >= len(connections), PATIENCE_SECONDS, "the lines")
    still_works(router, connections[0])
    for one in connections:
        one.close()
    return "200 lines of 1 MiB at once"


def no_newline(context, router, figures):
    """Bytes and bytes, and never an end of the line."""
    del figures
    connections = [connect(router) for _ in range(10)]
    rounds = 1024 if context.long else 64
    piece = b"y" * (1 << 20)
    for _ in range(rounds):
        for one in connections:
            one.sendall(piece)
    for one in connections:
        still_works(router, one)
        one.close()
    return f"10 lines of {rounds} MiB"


def sinks_down(context, router, figures):
    """Nobody listens where the events are to go: the senders wait, and then weir ends in time."""
    oracle = Oracle(Payloads(context.seed, boundary_every=50))
    clients = [TcpClient(oracle, lambda: router.address("in"), 100_000) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        # Both at once: clients to which a busy machine gives no time stand still as well.
        await_true(lambda: is_half_full(router) and has_stalled(clients), PATIENCE_SECONDS,
                   "backpressure, and that of a router whose memory is in use")
        figures.check(component(router.books(), "sinks", "out")["delivered"] == 0,
                      "sinks_down: something was delivered to nobody")
    finally:
        for client in clients:
            client.abandon()
    return f"{oracle.issued()} events"


def is_half_full(router):
    """Its memory for events."""
    return router.books()["memory_bytes"] > MEMORY_BYTES // 2


def has_stalled(clients):
    """No client gets anything rid of for half a second."""
    before = [client.sent for client in clients]
    time.sleep(0.5)  # What is looked for is that nothing happens.
    return [client.sent for client in clients] == before


def many_names(context, router, figures):
    """Each event wants a file of its own."""
    del figures
    return distinct_values(context, router, 100_000 if context.long else 5_000)


def many_labels(context, router, figures):
    """Each event wants a series of its own."""
    del figures
    return distinct_values(context, router, 1_000_000 if context.long else 100_000)


def distinct_values(context, router, count):
    """So many events, no two with the same `k`."""
    del context
    with connect(router) as one:
        for first in range(0, count, BATCH_EVENTS_MAX):
            one.sendall(b"".join(b'{"k":"key-%d-with-a-long-name"}\n' % number
                                 for number in range(first, min(count, first + BATCH_EVENTS_MAX))))
        await_true(lambda: component(router.books(), "sinks", "out")["delivered"] >= count,
                   2 * PATIENCE_SECONDS, "the delivery")
    return f"{count} values"


def reload_storm(context, router, figures):
    """SIGHUP upon SIGHUP under load."""
    oracle = Oracle(Payloads(context.seed))
    count = 300 if context.long else 20
    with TcpClient(oracle, lambda: router.address("in"), 5_000) as client:
        for number in range(count):
            changed = YAML["reload_storm"].replace("out.ndjson", f"out_{number % 3}.ndjson")
            figures.check(router.reload(f"memory: {MEMORY_BYTES}\n" + changed),
                          "reload_storm: a reload was refused")
        client.stop()
        await_true(lambda: received(router) >= client.sent, PATIENCE_SECONDS, "what was sent")
    return f"{count} reloads"


YAML = {
    "idle_connections": TCP + TO_FILE,
    "long_lines": TCP + TO_FILE,
    "no_newline": TCP + TO_FILE,
    # Nobody listens there.
    "sinks_down": TCP + "sinks: {out: 'tcp://127.0.0.1:1', other: 'tcp://127.0.0.1:2'}\n",
    "many_names": TCP + "sinks: {out: 'file://{dir}/names/{k}.ndjson'}\n",
    "many_labels": "admin: 127.0.0.1:0\n" + TCP + """
sinks:
  out:
    url: prometheus
    metrics: [{name: events_total, type: counter, labels: [k]}]
""",
    "reload_storm": TCP + TO_FILE,
}

SCENARIOS = (idle_connections, long_lines, no_newline, sinks_down, many_names, many_labels, reload_storm)
