"""A destination that accepts connections and never reads: what a hanging log server looks like."""

import socket

# Small, so that it is full at once and not after megabytes.
RECEIVE_BUFFER_BYTES = 4096


class StalledListener:
    """Listens while it is a context, if it is wanted; `port` is 0 otherwise. The kernel accepts
    the connections, and takes what fits into their buffers; nobody ever asks for more."""

    def __init__(self, wanted=True):
        self.wanted = wanted
        self.listener = None
        self.port = 0

    def __enter__(self):
        if self.wanted:
            self.listener = socket.socket()
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            self.listener.bind(("127.0.0.1", 0))
            self.listener.listen(16)
            self.port = self.listener.getsockname()[1]
        return self

    def __exit__(self, *_):
        if self.listener is not None:
            self.listener.close()
