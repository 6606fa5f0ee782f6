"""Clients that send the oracle's events and tell it what was taken or answered. Each is a thread with
streams of its own, one for each connection: order is promised within a connection.

    with TcpClient(oracle, connect_to, rate=5000) as client: …

`connect_to` is called for each connection and gives the address: a router that was started again may
listen on another port.
"""

import http.client
import os
import select
import socket
import threading
import time

STEP_SECONDS = 0.004   # Between two batches.
BATCH_EVENTS_MAX = 500
PATIENCE_SECONDS = 30  # For one send or answer.


class Client(threading.Thread):
    """Sends at a rate until stop(). One that is kept from sending does not hurry afterwards."""

    def __init__(self, oracle, rate):
        super().__init__(daemon=True)
        self.oracle = oracle
        self.rate = rate
        self.streams = []   # That it has used.
        self.sent = 0       # Events that the kernel, or the router, has taken.
        self.connections = 0
        self.broken = 0     # Of the connections: those that ended with an error.
        self.connected = None  # The socket, of a client of streams.
        self.trouble = None  # What ended the thread before its time.
        self._stopping = threading.Event()

    def run(self):
        try:
            while not self._stopping.is_set():
                self.one_connection()
        except Exception as error:  # pylint: disable=broad-exception-caught  # stop() raises it.
            self.trouble = error

    def one_connection(self):
        """Connects, sends until the connection ends or stop() is called, closes."""
        raise NotImplementedError

    def stop(self):
        """Ends it behind a whole event; raises what went wrong in the thread."""
        self._stopping.set()
        self.join(2 * PATIENCE_SECONDS)
        if self.is_alive():
            raise TimeoutError(f"{type(self).__name__} does not end")
        if self.trouble is not None:
            raise self.trouble

    def abandon(self):
        """Ends it although nobody takes what it sends."""
        self._stopping.set()
        if self.connected is not None:
            try:
                self.connected.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # It has ended by itself.
        self.stop()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        if self.is_alive():
            self.join(2 * PATIENCE_SECONDS)

    # --- For the kinds of clients ---

    def new_stream(self):
        """For a connection."""
        self.streams.append(self.oracle.new_stream())
        return self.streams[-1]

    def batches(self, stream):
        """(first sequence, events), as many as are due, until stop() is called."""
        due = 0.0
        last = time.monotonic()
        while not self._stopping.wait(STEP_SECONDS):
            now = time.monotonic()
            due = min(due + (now - last) * self.rate, BATCH_EVENTS_MAX)
            last = now
            if due >= 1:
                yield self.oracle.issue(stream, int(due))
                due -= int(due)

    def took(self, stream, first, count):
        """The kernel or the router has taken these."""
        self.sent += count
        self.oracle.acknowledge(stream, first, count)

    def wait_to_retry(self):
        """Before the next connection, where there was none."""
        self._stopping.wait(STEP_SECONDS)


class StreamClient(Client):
    """Lines over TCP or a Unix socket. Before each batch it looks whether the other side has ended
    the connection, and then takes another one, as senders of logs do."""

    family = socket.AF_INET

    def __init__(self, oracle, connect_to, rate, send_buffer_bytes=None):
        super().__init__(oracle, rate)
        self._connect_to = connect_to
        self._send_buffer_bytes = send_buffer_bytes

    def one_connection(self):
        with socket.socket(self.family, socket.SOCK_STREAM) as one:
            one.settimeout(PATIENCE_SECONDS)
            if self._send_buffer_bytes is not None:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._send_buffer_bytes)
            try:
                one.connect(self._connect_to())
            except OSError:
                self.wait_to_retry()
                return
            self.connections += 1
            self.connected = one
            try:
                self._send_over(one, self.new_stream())
            except OSError:
                self.broken += 1
            self.connected = None

    def _send_over(self, one, stream):
        for first, events in self.batches(stream):
            if has_ended(one):
                # Nothing of the batch was sent, and nothing that was is open any more.
                return
            one.sendall(b"\n".join(events) + b"\n")
            self.took(stream, first, len(events))


class TcpClient(StreamClient):
    """Over TCP."""


class UnixClient(StreamClient):
    """Over a Unix stream socket."""

    family = socket.AF_UNIX


def has_ended(one):
    """Whether the other side has said that it reads no more."""
    return bool(select.select([one], [], [], 0)[0]) and one.recv(1, socket.MSG_PEEK) == b""


class DatagramClient(Client):
    """An event a datagram."""

    family = socket.AF_INET

    def __init__(self, oracle, connect_to, rate):
        super().__init__(oracle, rate)
        self._connect_to = connect_to

    def one_connection(self):
        with socket.socket(self.family, socket.SOCK_DGRAM) as one:
            one.settimeout(PATIENCE_SECONDS)
            try:
                # Connected, it is told where nobody receives.
                one.connect(self._connect_to())
            except OSError:
                self.wait_to_retry()
                return
            self.connections += 1
            stream = self.new_stream()
            try:
                for first, events in self.batches(stream):
                    for i, event in enumerate(events):
                        one.send(event)
                        self.took(stream, first + i, 1)
            except OSError:
                self.broken += 1


class UdpClient(DatagramClient):
    """Over UDP."""


class UnixDatagramClient(DatagramClient):
    """Over a Unix datagram socket, which waits where its reader does not read."""

    family = socket.AF_UNIX


class PipeClient(Client):
    """Lines into a pipe, until its reader has ended. Takes `descriptor` over."""

    def __init__(self, oracle, descriptor, rate):
        super().__init__(oracle, rate)
        self._descriptor = descriptor

    def one_connection(self):
        stream = self.new_stream()
        try:
            for first, events in self.batches(stream):
                self._write(b"\n".join(events) + b"\n")
                self.took(stream, first, len(events))
        except BrokenPipeError:
            self.broken += 1
        finally:
            os.close(self._descriptor)
            self._stopping.set()

    def _write(self, data):
        while data:
            data = data[os.write(self._descriptor, data):]


class HttpClient(Client):
    """POSTs batches of lines over one kept connection, one after the other, and notes which were
    answered with 2xx. A batch without an answer is sent again, as a careful sender does."""

    def __init__(self, oracle, connect_to, rate, path="/", headers=None):
        super().__init__(oracle, rate)
        self._connect_to = connect_to
        self._path = path
        self._headers = headers or {"Content-Type": "application/x-ndjson"}
        self._unanswered = None  # (stream, first sequence, events)
        self.refused = 0         # Answers other than 2xx.
        self.repeated = 0        # Events that were sent again, for want of an answer.

    def one_connection(self):
        try:
            host, port = self._connect_to()
            one = http.client.HTTPConnection(host, port, timeout=PATIENCE_SECONDS)
            one.connect()
        except OSError:
            self.wait_to_retry()
            return
        self.connections += 1
        try:
            self._post_over(one)
        except (OSError, http.client.HTTPException):
            self.broken += 1
        finally:
            one.close()

    def _post_over(self, one):
        if self._unanswered is not None:
            self.repeated += len(self._unanswered[2])
            if not self._post(one, *self._unanswered):
                self.wait_to_retry()
                return
        stream = self.new_stream()
        for first, events in self.batches(stream):
            if not self._post(one, stream, first, events):
                self.wait_to_retry()
                return

    def _post(self, one, stream, first, events):
        self._unanswered = (stream, first, events)
        one.request("POST", self._path, b"\n".join(events) + b"\n", self._headers)
        answer = one.getresponse()
        answer.read()
        if not 200 <= answer.status < 300:
            self.refused += 1
            return False
        self._unanswered = None
        self.took(stream, first, len(events))
        return True
