"""Sockets that outlive the routers they are handed to: what systemd holds for a .socket unit."""

import array
import os
import socket

SO_MEMINFO = 55
SK_MEMINFO_DROPS = 8
RECEIVE_BUFFER_BYTES = 4 << 20
BACKLOG = 4096


class Sockets:
    """Bound, and open until close(). Hand it to Router.start()."""

    def __init__(self):
        self._sockets = {}  # By name, in the order in which they are handed over.
        self._paths = []

    def tcp(self, name, host="127.0.0.1"):
        """Listens on a free port; returns (host, port)."""
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        one.bind((host, 0))
        one.listen(BACKLOG)
        self._sockets[name] = one
        return one.getsockname()

    def udp(self, name, host="127.0.0.1", receive_buffer_bytes=RECEIVE_BUFFER_BYTES):
        """Receives on a free port; returns (host, port)."""
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        one.bind((host, 0))
        self._sockets[name] = one
        return one.getsockname()

    def unix(self, name, path, kind=socket.SOCK_STREAM):
        """Listens, or with SOCK_DGRAM receives, at a path, which it returns."""
        one = socket.socket(socket.AF_UNIX, kind)
        one.bind(str(path))
        if kind == socket.SOCK_STREAM:
            one.listen(BACKLOG)
        self._sockets[name] = one
        self._paths.append(str(path))
        return str(path)

    def descriptors(self):
        """Their numbers in this process."""
        return tuple(one.fileno() for one in self._sockets.values())

    def names(self):
        """For LISTEN_FDNAMES."""
        return ":".join(self._sockets)

    def dropped(self, name):
        """Datagrams that the kernel has dropped since the socket was made."""
        memory = array.array("I")
        memory.frombytes(self._sockets[name].getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 64))
        return memory[SK_MEMINFO_DROPS]

    def close(self):
        """Closes them and removes the files."""
        for one in self._sockets.values():
            one.close()
        for path in self._paths:
            os.unlink(path)
