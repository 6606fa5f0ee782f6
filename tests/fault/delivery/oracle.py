"""The oracle: which events were issued, which acknowledged, and what became of them.

It stands outside of every fault. A test tells it what its clients send and what was answered; in the
end it reads what was delivered and gives its verdict.

An event is LOST when it was acknowledged and is nowhere. What "acknowledged" means is the test's
word: an answer of the router, or, where there is none, that the kernel took it from a client that
looked whether the router was going, before and behind it (looking_clients). What was issued and never acknowledged may come or
not.

Threads: issue() and acknowledge() of one stream on one thread; judge() when all have ended.
"""

import json
import threading
from dataclasses import dataclass, field

from payloads import HEAD, TAIL, identity

LOSS_NOTICE = b'{"weir":"loss",'  # What a sink is told after events for it were lost.


@dataclass
class Verdict:
    """What the sinks hold, beside what was issued."""

    issued: int = 0
    acknowledged: int = 0
    delivered: int = 0       # Distinct events.
    lost_acked: int = 0      # Acknowledged, and nowhere.
    missing: int = 0         # Issued, and nowhere: lost_acked is part of it.
    duplicates: int = 0      # Copies beyond the first, in one sink.
    torn: int = 0            # A piece of an event that passes for a line.
    glued: int = 0           # Of the torn: pieces of two events in one line.
    corrupted: int = 0       # Whole, and other than it was sent.
    spurious: int = 0        # Never issued.
    told_lost: int = 0       # By the router's own notices in the stream.
    out_of_order: int = 0    # Behind a later one of its stream, copies not counted.
    lost_of: dict = field(default_factory=dict)     # Of the lost: (events, bytes) by stream.
    examples: list = field(default_factory=list)    # The first few wrong lines.

    def is_clean(self):
        """Nothing acknowledged is lost, and nothing came that was not sent."""
        return not (self.lost_acked or self.torn or self.corrupted or self.spurious)

    def show(self, line):
        """Keeps the first few wrong lines for whoever has to find out why."""
        if len(self.examples) < 5:
            self.examples.append(line[:200].decode("ascii", "backslashreplace"))


class _Stream:
    def __init__(self):
        self.issued = 0
        self.acknowledged = bytearray()  # By sequence: 0 or 1.


class Oracle:
    """Of one test, or of one trial."""

    def __init__(self, payloads):
        self.payloads = payloads
        self._streams = {}
        self._lock = threading.Lock()

    def new_stream(self):
        """The number of a stream that nobody has used."""
        with self._lock:
            self._streams[len(self._streams)] = _Stream()
            return len(self._streams) - 1

    def issue(self, stream, count):
        """The next `count` events of a stream: the first's sequence, and their bytes. They count as
        issued from now on, however the attempt to send them ends."""
        one = self._streams[stream]
        first = one.issued
        events = [self.payloads.event(stream, first + i) for i in range(count)]
        one.acknowledged.extend(bytes(count))
        one.issued = first + count  # Last: another thread may be counting.
        return first, events

    def acknowledge(self, stream, first, count):
        """From now on they have to be delivered."""
        self._streams[stream].acknowledged[first:first + count] = b"\1" * count

    def issued(self, stream=None):
        """So far; of one stream, or of all."""
        if stream is not None:
            return self._streams[stream].issued
        return sum(one.issued for one in list(self._streams.values()))

    def acknowledged(self):
        """How many, so far."""
        return sum(sum(one.acknowledged) for one in list(self._streams.values()))

    def judge(self, *sinks):
        """Each sink is an iterable of the files that it wrote, in order: every one of them has to
        hold every event. One sink without a file has nothing."""
        verdict = Verdict(issued=self.issued(), acknowledged=self.acknowledged())
        for files in sinks:
            seen = {stream: bytearray(one.issued) for stream, one in self._streams.items()}
            self._read(files, seen, verdict)
            self._count(seen, verdict)
        return verdict

    def _read(self, files, seen, verdict):
        latest = {}
        for path in files:
            with open(path, "rb") as lines:
                for line in lines:
                    self._take(line, seen, latest, verdict)

    def _take(self, line, seen, latest, verdict):
        event = line.removesuffix(b"\n")
        if event.startswith(LOSS_NOTICE) and event is not line:
            verdict.told_lost += json.loads(event)["lost"]
            return
        named = identity(event)
        if named is None or event is line or event != self.payloads.event(*named):
            self._take_wrong(event, event is not line, verdict)
            return
        stream, sequence = named
        if sequence >= len(seen.get(stream, b"")):
            verdict.spurious += 1
            verdict.show(event)
        elif seen[stream][sequence]:
            verdict.duplicates += 1
        else:
            seen[stream][sequence] = 1
            verdict.out_of_order += sequence < latest.get(stream, -1)
            latest[stream] = max(sequence, latest.get(stream, -1))

    @staticmethod
    def _take_wrong(event, has_newline, verdict):
        """A line that is cut at either end, or has the beginning of another in it, is torn."""
        is_glued = HEAD.search(event, 1) is not None
        if is_glued or not (has_newline and event.startswith(b'{"') and event.endswith(TAIL)):
            verdict.torn += 1
            verdict.glued += is_glued
        else:
            verdict.corrupted += 1
        verdict.show(event)

    def _count(self, seen, verdict):
        for stream, one in self._streams.items():
            came = seen[stream]
            verdict.delivered += sum(came)
            verdict.missing += one.issued - sum(came)
            lost = [sequence for sequence, (wanted, is_there)
                    in enumerate(zip(one.acknowledged, came)) if wanted and not is_there]
            if not lost:
                continue
            verdict.lost_acked += len(lost)
            size = sum(len(self.payloads.event(stream, sequence)) + 1 for sequence in lost)
            events, before = verdict.lost_of.get(stream, (0, 0))
            verdict.lost_of[stream] = (events + len(lost), before + size)
