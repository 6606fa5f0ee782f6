"""A receiver of lines over TCP that is sometimes away: then it takes no connection and reads nothing.

What a connection brought is written to a file by whole lines: the unfinished one of a sender that
was killed was never confirmed, and is left out, as any receiver has to.
"""

import selectors
import socket
import threading

READ_BYTES = 256 << 10
STEP_SECONDS = 0.02


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
                if not self.present.wait(STEP_SECONDS):
                    continue
                for key, _ in ready.select(STEP_SECONDS):
                    if key.fileobj is self._listener:
                        one, _ = self._listener.accept()
                        self._unfinished[one] = b""
                        ready.register(one, selectors.EVENT_READ)
                    else:
                        self._read(key.fileobj, ready, file)
            for one in self._unfinished:
                one.close()
        self._listener.close()

    def connections(self):
        """That have not ended."""
        return len(self._unfinished)

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
        """Ends it; what it has written stays."""
        self._ending.set()
        self.join()
