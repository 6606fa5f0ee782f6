"""A connection through the proxy: two sockets, and what waits between them, either way. Belongs to the
thread of the proxy that made it, and asks that for its weather."""

import collections
import socket
import struct
import time

from msgpack_ends import MessageEnds

READ_BYTES = 16 << 10
WAITING_BYTES_MAX = 64 << 10
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends RST.
UNUSED = b"\xc1"  # The one byte that MessagePack never begins with.


class Link:
    """`plan`: of this connection, or None."""

    def __init__(self, proxy, client, server, plan):
        self.proxy = proxy
        self.plan = plan  # None as well once it has come to be.
        self.is_broken = False
        for one in (client, server):
            one.setblocking(False)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        cut = (plan.cut_message, plan.cut_bytes) if plan else (None, 0)
        cut_answer = (plan.cut_answer, plan.answer_bytes) if plan else (None, 0)
        self.ways = (Way(self, client, server, True, cut, plan and plan.spoil_message),
                     Way(self, server, client, False, cut_answer, None))

    def fulfil(self):
        """What was planned has been done."""
        self.proxy.faults += 1
        self.proxy.plans_fulfilled += 1
        self.plan = None

    def is_over(self):
        """Broken, or both have said all and it was passed on."""
        return self.is_broken or all(way.is_done for way in self.ways)

    def end(self):
        """Where nobody said the end, neither hears one but a reset."""
        for way in self.ways:
            if self.is_broken or not way.is_done:
                reset(way.target)
            else:
                way.target.close()


def reset(one):
    """Ends a connection at once."""
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    one.close()


class Way:
    """One direction of a link."""

    def __init__(self, link, source, target, is_to_server, cut, spoil_message):
        self._link = link
        self._proxy = link.proxy
        self.source = source
        self.target = target
        self._is_to_server = is_to_server
        self._cut_message, self._cut_bytes = cut
        self._spoil_message = spoil_message
        self._ends = MessageEnds()
        self._held = b""  # A message that is not whole, of a way that looks at messages.
        self._messages = 0
        self._waiting = collections.deque()  # (when it is due, bytes)
        self._waiting_bytes = 0
        self._due = 0
        self._allowed = 0.0  # Bytes, by bytes_per_second.
        self._allowed_at = time.monotonic()
        self._to_turn = 0
        self._saw_end = False
        self.is_blocked = False
        self.is_done = False

    # --- In ---

    def wants_more(self):
        """Whether the source is to be read."""
        return not self._saw_end and self._waiting_bytes < WAITING_BYTES_MAX

    def read(self, now):
        """What has come."""
        try:
            data = self.source.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self._link.is_broken = True
            return
        if not data:
            self._saw_end = True
            data, self._held = self._held, b""
            self._put(data, now)
            return
        weather = self._proxy.weather
        if self._cut_message is not None or self._spoil_message is not None or (
                weather.repeats_messages and self._is_to_server):
            self._take_messages(data, now)
        else:
            self._put(self._turned(data), now)

    def _take_messages(self, data, now):
        """Passes whole ones, up to the one that is to be cut."""
        self._held += data
        for end in self._ends.find(data):
            message, self._held = self._held[:end], self._held[end:]
            if self._messages == self._cut_message:
                kept = self._cut_bytes
                self._put(message[:kept if kept >= 0 else max(0, len(message) + kept)], now)
                self._put(None, now)
                self._link.fulfil()
                self._saw_end = True
                return
            if self._messages == self._spoil_message:
                message = UNUSED + message[1:]
                self._link.fulfil()
            self._messages += 1
            self._put(message, now)
            if self._proxy.weather.repeats_messages and self._is_to_server:
                self._put(message, now)
                self._proxy.faults += 1

    def _turned(self, data):
        weather = self._proxy.weather
        every = (weather.turn_bit_every_bytes if self._is_to_server
                 else weather.turn_answers_every_bytes)
        if not every:
            return data
        self._to_turn += len(data)
        if self._to_turn < every:
            return data
        self._to_turn = 0
        at = self._proxy.random.randrange(len(data))
        self._proxy.faults += 1
        bit = 1 << self._proxy.random.randrange(8)
        return data[:at] + bytes([data[at] ^ bit]) + data[at + 1:]

    # --- Out ---

    def _put(self, data, now):
        """`data` None: the reset that follows what came before."""
        weather = self._proxy.weather
        delay = weather.latency_seconds + self._proxy.random.uniform(0, weather.jitter_seconds)
        self._due = max(self._due, now + delay)  # In order.
        self._waiting.append((self._due, data))
        self._waiting_bytes += len(data) if data else 0

    def offer(self, now):
        """What is due, as much as the target takes."""
        weather = self._proxy.weather
        self.is_blocked = False
        if weather.holds_to_server if self._is_to_server else weather.holds_to_client:
            return
        room = self._room(now)
        while self._waiting and self._waiting[0][0] <= now and room > 0:
            due, data = self._waiting[0]
            if data is None:
                self._link.is_broken = True
                return
            piece = weather.piece_bytes if self._is_to_server and weather.piece_bytes else len(data)
            try:
                sent = self.target.send(data[:min(room, piece)]) if data else 0
            except BlockingIOError:
                self.is_blocked = True
                return
            except OSError:
                self._link.is_broken = True
                return
            room -= sent
            self._allowed -= sent
            self._waiting_bytes -= sent
            if sent == len(data):
                self._waiting.popleft()
            else:
                self._waiting[0] = (due, data[sent:])
        if self._saw_end and not self._waiting and not self.is_done:
            self.is_done = True
            try:
                self.target.shutdown(socket.SHUT_WR)
            except OSError:
                self._link.is_broken = True

    def _room(self, now):
        """How much the line takes."""
        rate = self._proxy.weather.bytes_per_second
        if not rate or not self._is_to_server:
            self._allowed_at = now
            return 1 << 30
        self._allowed = min(self._allowed + (now - self._allowed_at) * rate, rate / 10)
        self._allowed_at = now
        return max(0, int(self._allowed))
