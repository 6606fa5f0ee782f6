"""A proxy that does to connections what networks do. It stands before a port and is told what to do:
for all connections by its `weather`, for the next one by a plan.

    with Proxy(port) as proxy:
        proxy.weather.latency_seconds = 0.05
        proxy.plans.append(Plan(cut_message=3, cut_bytes=17))

Bytes wait in it, at most so many a direction; then it does not read.
"""

import collections
import random
import select
import socket
import threading
import time
from dataclasses import dataclass

from proxy_link import Link, reset

STEP_SECONDS = 0.002
LINKS_MAX = 256


@dataclass
class Weather:
    """Of all connections, from the next byte on. Any thread may set it."""

    latency_seconds: float = 0
    jitter_seconds: float = 0
    bytes_per_second: float = 0      # To the server; 0: as many as come.
    piece_bytes: int = 0             # Sent to the server at once, at most; 0: as they come.
    holds_to_server: bool = False    # Nothing passes; it waits, as what is sent again and again.
    holds_to_client: bool = False
    turn_bit_every_bytes: int = 0    # To the server.
    turn_answers_every_bytes: int = 0
    repeats_messages: bool = False   # To the server, each twice.


@dataclass
class Plan:
    """Of one connection: whole MessagePack messages pass, and then it is reset. None: it is not."""

    cut_message: int = None  # To the server: this one is cut, counted from 0,
    cut_bytes: int = 0       # behind so many of its bytes; negative: before its end.
    cut_answer: int = None   # The same to the client.
    answer_bytes: int = 0
    spoil_message: int = None  # Its first byte becomes one that no message begins with.


class Proxy(threading.Thread):
    """Runs until close(). `to`: the port on which new connections end, None: they are reset."""

    def __init__(self, to, seed=1):
        super().__init__(daemon=True)
        self.weather = Weather()
        # For the next connections, one each. One whose connection ends before, as it does where a
        # side has waited too long for the other, is the next one's again.
        self.plans = collections.deque()
        self.plans_fulfilled = 0
        self.to = to
        self.faults = 0       # Resets, turned bits, repeated messages.
        self.connections = 0
        self.trouble = None   # What ended the thread before its time.
        self.random = random.Random(seed)
        self._resets_wanted = 0
        self._ending = threading.Event()
        self._links = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]

    def reset_all(self):
        """Every connection that is open."""
        self._resets_wanted += 1

    def close(self):
        """Ends it, and all connections."""
        self._ending.set()
        self.join()
        if self.trouble is not None:
            raise self.trouble

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    def run(self):
        try:
            self._run()
        except Exception as error:  # pylint: disable=broad-exception-caught  # close() raises it.
            self.trouble = error
        self._end(self._links[:])
        self._listener.close()

    def _run(self):
        resets_done = 0
        while not self._ending.is_set():
            if resets_done != self._resets_wanted:
                resets_done = self._resets_wanted
                self.faults += len(self._links)
                self._end(self._links[:])
            self._turn()

    def _turn(self):
        ways = [way for link in self._links for way in link.ways]
        now = time.monotonic()
        for way in ways:
            way.offer(now)
        reads = {way.source: way for way in ways if way.wants_more()}
        writes = [way.target for way in ways if way.is_blocked]
        ready, _, _ = select.select([self._listener, *reads], writes, [], STEP_SECONDS)
        for one in ready:
            if one is self._listener:
                self._accept()
            else:
                reads[one].read(time.monotonic())
        self._end([link for link in self._links if link.is_over()])

    def _accept(self):
        client, _ = self._listener.accept()
        self.connections += 1
        try:
            if self.to is None or len(self._links) >= LINKS_MAX:
                raise ConnectionRefusedError
            server = socket.create_connection(("127.0.0.1", self.to), timeout=5)
        except OSError:
            reset(client)
            return
        plan = self.plans.popleft() if self.plans else None
        self._links.append(Link(self, client, server, plan))

    def _end(self, links):
        for link in links:
            link.end()
            self._links.remove(link)
            if link.plan is not None:
                self.plans.appendleft(link.plan)
