"""What the tests of the spool share: a router with two sinks that spool, load that crosses the
borders of frames and segments, and the end: all is delivered, and the books say so."""

import os
import random

from clients import HttpClient
from payloads import Payloads
from router import component
from waiting import comes_true

DRAIN_SECONDS_MAX = 60
# Small, so that memory is soon full and many segments are begun and deleted.
CONFIGURATION = """
data_dir: {data}
shards: 1
sources:
  in: http://127.0.0.1:0?ack=durable
sinks:
  tcp: {url: 'tcp://127.0.0.1:%d', buffer: 256KiB, spool.segment: 64KiB, spool.bytes: %s}
  file: {url: 'file://{out}/out.ndjson', buffer: 256KiB, spool.segment: 64KiB%s}
"""
SINKS = ("tcp", "file")


def configuration(port, data="{dir}/data", out="{dir}", spool_bytes="1GiB", sync=""):
    """For a Router. `port`: the receiver's."""
    text = CONFIGURATION.replace("{data}", data).replace("{out}", out)
    return text % (port, spool_bytes, f", sync: {sync}" if sync else "")


def payloads(seed):
    """Events of up to 192 KiB, around 64 KiB now and then."""
    return Payloads(seed, write_bytes=64 << 10, event_bytes_max=200 << 10, boundary_every=101)


class BurstClient(HttpClient):
    """Sends batches of sizes that differ: from one event to more than a frame of 512 KiB holds."""

    sizes = (1, 2, 7, 15, 16, 17, 60, 61, 240, 500)

    def __init__(self, oracle, connect_to, rate, seed):
        super().__init__(oracle, connect_to, rate)
        self._random = random.Random(seed)

    def batches(self, stream):
        count = self._random.choice(self.sizes)
        for first, events in super().batches(stream):
            # What is issued is sent, in as many requests as come.
            while events:
                yield first, events[:count]
                first += len(events[:count])
                events = events[count:]
                count = self._random.choice(self.sizes)


def sinks_of(books):
    """The accounts of both sinks."""
    return [component(books, "sinks", name) for name in SINKS]


def drained(router):
    """Whether it comes to that."""
    return comes_true(lambda: is_drained(router), DRAIN_SECONDS_MAX)


def is_drained(router):
    """Whether nothing is in memory or on disk any more."""
    books = router.books()
    return books is not None and all(
        sink["in_memory"] == 0 and sink["in_spool"] == 0 for sink in sinks_of(books))


def judge(figures, oracle, received, written):
    """What has to hold in all of these tests, of the receiver's files and of the file sink's. A kill
    may leave half a line in a file: the next start cuts it off. Where files have no attributes by
    which weir knows its own, it ends the line instead, and the event comes whole behind it."""
    of_receiver = oracle.judge(received)
    of_file = oracle.judge(written)
    figures.check(of_receiver.torn == 0, f"the receiver has {of_receiver.torn} torn lines")
    torn_max = 0 if all(has_attributes(path) for path in written) else figures.faults
    figures.check(of_file.torn <= torn_max, f"the file has {of_file.torn} torn lines")
    figures.check(of_file.glued == 0, f"the file has {of_file.glued} lines of two events")
    of_file.issued = of_file.acknowledged = 0  # They are the same.
    figures.add(of_receiver)
    figures.add(of_file)
    for name in ("lost_acked", "corrupted", "spurious", "unaccounted"):
        value = getattr(figures, name)
        figures.check(value == 0, f"{name}: {value}")


def has_attributes(path):
    """Whether files may have attributes where this one lies."""
    try:
        os.setxattr(path, "user.weir.test", b"1")
    except OSError:
        return False
    return True


def end(router, figures):
    """SIGTERM to a router that has delivered everything, and its closing balance."""
    figures.check(drained(router), "not everything was delivered")
    _, code = router.stop()
    figures.check(code == 0, f"the last end was with {code}")
    books = router.closing_books()
    figures.unaccounted += books["imbalance"]
    for sink in sinks_of(books):
        lost = sum(sink["dropped"].values())
        figures.check(lost == 0, f"the books of {sink.get('name', 'a sink')} have {lost} lost")
