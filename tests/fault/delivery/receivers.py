"""A receiver of lines over TCP that is sometimes away: then it takes no connection and reads nothing.

What a connection brought is written to a file by whole lines: the unfinished one of a sender that
was killed was never confirmed, and is left out, as any receiver has to.
"""

import selectors
import socket
import threading
import time

READ_BYTES = 256 << 10
STEP_SECONDS = 0.02
END_SECONDS_MAX = 30  # For what was sent before close().


class Receiver(threading.Thread):
    """Runs until close(). Belongs to the thread that made it, but for present."""

    def __init__(self, path, receive_buffer_bytes=64 << 10):
        super().__init__(daemon=True)
        self.path = path
        self.present = threading.Event()
        self.present.set()
        self.bytes = 0
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(16)
        self.port = self._listener.getsockname()[1]
        self._ending = threading.Event()
        self._unfinished = {}  # By connection: what came behind the last newline.

    def run(self):
        with open(self.path, "ab") as file, selectors.DefaultSelector() as ready:
            ready.register(self._listener, selectors.EVENT_READ)
            while not self._ending.is_set():
                if self.present.wait(STEP_SECONDS):
                    self._turn(ready, file)
            # What the kernel has taken for us is delivered, as far as the sender knows.
            deadline = time.monotonic() + END_SECONDS_MAX
            while self._turn(ready, file) or self._unfinished:
                if time.monotonic() > deadline:
                    break
            for one in self._unfinished:
                one.close()
        self._listener.close()

    def _turn(self, ready, file):
        """Takes what is there; whether there was anything, connections that wait included."""
        found = ready.select(STEP_SECONDS)
        for key, _ in found:
            if key.fileobj is self._listener:
                one, _ = self._listener.accept()
                self._unfinished[one] = b""
                ready.register(one, selectors.EVENT_READ)
            else:
                self._read(key.fileobj, ready, file)
        return bool(found)

    def _read(self, one, ready, file):
        try:
            data = one.recv(READ_BYTES)
        except ConnectionError:
            data = b""
        if not data:
            ready.unregister(one)
            del self._unfinished[one]
            one.close()
            return
        self.bytes += len(data)
        lines, newline, rest = data.rpartition(b"\n")
        if newline:
            file.write(self._unfinished[one] + lines + newline)
            file.flush()
            self._unfinished[one] = rest
        else:
            self._unfinished[one] += data

    def close(self):
        """Reads to the end of every connection, present or not, and ends; what it has written stays.
        Requires: the senders have ended."""
        self._ending.set()
        self.join()
        if self._unfinished:
            raise TimeoutError(f"{len(self._unfinished)} connections to the receiver do not end")
