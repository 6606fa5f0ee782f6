"""weir is killed with a large backlog on disk: the next one is ready as soon as with none, holds little
of it in memory, and knows how much there is."""

import http.client
import os
import shutil
import threading

from report import Skipped
from router import Router, component

CONFIGURATION = """
data_dir: {dir}/data
sources:
  in: http://127.0.0.1:0?ack=durable
sinks:
  away: {url: 'tcp://127.0.0.1:1', buffer: 8MiB, spool.bytes: 24GiB}
"""
LINE = b'{"message":"' + b"x" * 242 + b'"}\n'
BODY_EVENTS = 16 << 10  # 4 MiB.
SENDERS = 2
READY_SECONDS_MAX = 1
RESIDENT_BYTES_MAX = 128 << 20


def run(context):
    figures = context.figures()
    sizes = (2 << 30, 10 << 30) if context.long else (200 << 20,)
    for size in sizes:
        if shutil.disk_usage(context.folder).free < 2 * size:
            if not figures.trials:
                raise Skipped(f"there is no room for {size >> 20} MiB")
            figures.more[f"skipped_{size >> 20}_mib"] = "no room"
            continue
        restart_with(context, figures, size)
    return figures


def restart_with(context, figures, size):
    """Fills, kills, starts, and looks."""
    name = f"{size >> 20}_mib"
    with Router(context.weir, context.folder / name, CONFIGURATION) as router:
        empty = router.start()
        taken = fill(router, size)
        router.kill()
        figures.faults += 1
        forget_pages(router.folder / "data")
        ready = router.start()
        figures.recovery_seconds.append(ready)
        figures.trials += 1
        resident = router.resident_bytes(peak=True)
        sink = component(router.books(), "sinks", "away")
    known = sink["in_spool"] + sink["in_memory"]
    figures.issued += taken
    figures.acknowledged += taken
    figures.delivered += known
    figures.lost_acked += max(0, taken - known)
    figures.check(taken <= known, f"of {taken} events {known} are there after the kill")
    figures.check_speed(context, ready <= READY_SECONDS_MAX, f"ready after {ready:.2f} s")
    if not context.sanitized:
        figures.check(resident <= RESIDENT_BYTES_MAX, f"{resident >> 20} MiB resident")
    figures.more[name] = {"ready_seconds": ready, "ready_seconds_of_an_empty_one": empty,
                          "resident_mib": resident >> 20, "events": taken}
    shutil.rmtree(router.folder / "data")


def fill(router, size):
    """Sends so many bytes; the events that were answered with 2xx."""
    counts = [0] * SENDERS

    def send(i):
        one = http.client.HTTPConnection(*router.address("in"), timeout=60)
        for _ in range(size // (BODY_EVENTS * len(LINE) * SENDERS)):
            one.request("POST", "/", LINE * BODY_EVENTS, {"Content-Type": "application/x-ndjson"})
            answer = one.getresponse()
            answer.read()
            if 200 <= answer.status < 300:
                counts[i] += BODY_EVENTS
        one.close()

    senders = [threading.Thread(target=send, args=(i,)) for i in range(SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return sum(counts)


def forget_pages(folder):
    """What the kernel has of these files in memory would flatter the start."""
    for path in folder.glob("spool/*/*.seg"):
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
