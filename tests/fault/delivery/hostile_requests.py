"""Hostile loads over HTTP and Forward, and on the spool. As those of hostile_lines.py."""

import time
import zlib

from clients import TcpClient
from hostile_lines import PATIENCE_SECONDS, TCP, TO_FILE, connect, has_stalled, received
from oracle import Oracle
from payloads import Payloads
from router import component
from waiting import await_true

HTTP = "sources: {in: 'http://127.0.0.1:0?ack=received'}\n"
FORWARD = "sources: {in: 'forward://127.0.0.1:0'}\n"
REQUESTS_AT_ONCE = 100
SEGMENT_BYTES = 16 << 20  # What spool.segment is.


def post(one, body, headers=""):
    """Sends a request and returns the status of its answer."""
    one.sendall(f"POST / HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\n{headers}"
                f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return statuses(one, 1)[0]


def statuses(one, count):
    """Of the next answers; fewer where the connection ends."""
    text = b""
    while text.count(b"}\n") < count:
        piece = one.recv(1 << 16)
        if not piece:
            break
        text += piece
    return [int(answer[:3]) for answer in text.split(b"HTTP/1.1 ")[1:]]


def still_answers(router, figures, name):
    """A request behind the load is taken; it may be put off for a while."""
    def is_taken():
        with connect(router) as one:
            return post(one, b"last\n") == 202
    before = received(router)
    await_true(is_taken, PATIENCE_SECONDS, "an answer behind the load")
    figures.check(received(router) > before, f"{name}: what was answered was not received")


def http_bombs(context, router, figures):
    """Bodies that are a thousand times as large as they look."""
    size = (1 << 30) if context.long else (128 << 20)
    press = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = bytes(1 << 20)
    bomb = b"".join(press.compress(piece) for _ in range(size >> 20)) + press.flush()
    for _ in range(20):
        with connect(router) as one:
            status = post(one, bomb, "Content-Encoding: gzip\r\n")
            figures.check(status == 413, f"http_bombs: {status} for a bomb")
    still_answers(router, figures, "http_bombs")
    return f"20 bodies of {size >> 20} MiB in {len(bomb) >> 10} KiB"


def slow_bodies(context, router, figures):
    """Bodies of which the beginning comes, on many connections."""
    del context
    head = (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\n"
            b"Content-Length: 1000000\r\n\r\n")
    connections = [connect(router) for _ in range(400)]
    piece = b"x" * (1 << 16)
    for _ in range(8):
        for one in connections:
            send_quietly(one, head + piece)
        head = b""
    for one in connections:
        one.close()
    still_answers(router, figures, "slow_bodies")
    return "400 bodies of 1 MB, of which 512 KiB come"


def send_quietly(one, data):
    """To a peer that may have answered and closed, or not read."""
    one.settimeout(0.05)
    try:
        one.sendall(data)
    except OSError:
        pass


def many_keys(context, router, figures):
    """Each request has a key of its own."""
    count = 300_000 if context.long else 20_000
    for first in range(0, count, REQUESTS_AT_ONCE * REQUESTS_AT_ONCE):
        with connect(router) as one:
            for number in range(first, min(count, first + REQUESTS_AT_ONCE ** 2), REQUESTS_AT_ONCE):
                one.sendall(b"".join(keyed(number + i) for i in range(REQUESTS_AT_ONCE)))
                answers = statuses(one, REQUESTS_AT_ONCE)
                figures.check(answers == [202] * REQUESTS_AT_ONCE, f"many_keys: {set(answers)}")
    still_answers(router, figures, "many_keys")
    return f"{count} keys"


def keyed(number):
    """A request."""
    return (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nIdempotency-Key: "
            b"00000000-0000-4000-8000-%012d\r\nContent-Length: 2\r\n\r\nx\n" % number)


def begun_messages(context, router, figures):
    """Forward messages of which the beginning comes, on many connections."""
    del context
    # [tag, entries as a text of 15 MiB: a PackedForward message.
    begun = b"\x92\xa1t\xc6" + (15 << 20).to_bytes(4, "big")
    connections = [connect(router) for _ in range(200)]
    piece = bytes(1 << 16)
    for _ in range(16):
        for one in connections:
            send_quietly(one, begun + piece)
        begun = b""
    for one in connections:
        one.close()
    with connect(router) as one:
        before = received(router)
        one.sendall(b"\x93\xa1t" + b"\xce" + int(time.time()).to_bytes(4, "big") + b"\x81\xa1k\x01")
        await_true(lambda: received(router) > before, PATIENCE_SECONDS, "an event behind the load")
    figures.check(received(router) == before + 1, "begun_messages: half a message was an event")
    return "200 messages of 15 MiB, of which 1 MiB comes"


def full_spool(context, router, figures):
    """The sink is away; the spool takes what it may, and then the senders wait."""
    oracle = Oracle(Payloads(context.seed, boundary_every=50))
    clients = [TcpClient(oracle, lambda: router.address("in"), 100_000) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        await_true(lambda: is_nearly_full(router) and has_stalled(clients), PATIENCE_SECONDS,
                   "a full spool")
        out = component(router.books(), "sinks", "out")
        figures.check(out["in_spool"] > 0, "full_spool: nothing is on disk")
        figures.check(out["spool_bytes"] <= out["spool_bytes_max"], "full_spool: too much is")
    finally:
        for client in clients:
            client.abandon()
    return f"{oracle.issued()} events"


def is_nearly_full(router):
    """A segment more would be too much."""
    out = component(router.books(), "sinks", "out")
    return out["spool_bytes"] > out["spool_bytes_max"] - SEGMENT_BYTES


YAML = {
    "http_bombs": HTTP + TO_FILE,
    "slow_bodies": HTTP + TO_FILE,
    "many_keys": HTTP + TO_FILE,
    "begun_messages": FORWARD + TO_FILE,
    "full_spool": "data_dir: {dir}/data\n" + TCP + """
sinks:
  out: {url: 'tcp://127.0.0.1:1', spool.bytes: 64MiB}
""",
}

SCENARIOS = (http_bombs, slow_bodies, many_keys, begun_messages, full_spool)
