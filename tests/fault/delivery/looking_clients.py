"""Clients over streams that know which of their batches have to arrive although the other side ends
the connection in an orderly way, as weir does for a restart.

What a stream promises. The other side says that it ends (over TCP with FIN) and reads on what its
kernel had taken in until then; that is what a router that loses nothing has to do. To what is sent
behind that nothing is promised: the other side may have closed by then, send() gives no error all the
same, and a reset is the answer. Looking for the end before a batch is sent is not enough to know which
of both it was: the end may come between the look and the batch, and a connection that was silent for
a moment is closed at once. So a batch counts as taken where, behind it, all of it has left for the
other side's kernel and a look finds neither an end nor an error.

That is sound because both sides are on one machine. Unix sockets have no way between them: a look that
finds no end proves that none had been said. Over TCP what is sent goes through the loopback to the
other side's socket, and its answer back, within the call that sends it; so does the FIN. Where no FIN
can be seen behind the batch, the batch is in the other side's socket before the call that sends the FIN
has returned, and so before the other side can look whether anything is left to be read. Whether the
other kernel has *acknowledged* it is no better sign: it delays that, mostly until the router reads, and
just what waits to be read at the end of a router has to count here.

A batch that did not pass the second look may have come or not: it is issued, and unsure.
"""

import array
import fcntl
import socket

from clients import PATIENCE_SECONDS, TcpClient, UnixClient, has_ended
from waiting import await_true

SIOCOUTQNSD = 0x894B  # From linux/sockios.h: bytes that were written and not yet sent, even once.


class LookingTcpClient(TcpClient):
    """Over TCP."""

    # The kernel's word for a reset behind a FIN. Without the FIN it says ECONNRESET: broken off.
    ends = BrokenPipeError

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.unsure = 0  # Events that were sent while the other side was ending the connection.

    def _send_over(self, one, stream):
        self.prepare(one)
        for first, events in self.batches(stream):
            if has_ended(one):
                return
            if not self.is_taken(one, b"\n".join(events) + b"\n"):
                self.unsure += len(events)
                return
            self.took(stream, first, len(events))

    def is_taken(self, one, data):
        """Sends it, and looks again."""
        try:
            one.sendall(data)
            self.await_left(one)
            return not has_ended(one)
        except self.ends:
            return False

    def prepare(self, one):
        """Nothing waits in this kernel for an acknowledgement of what went before."""
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def await_left(self, one):
        """Until all that was written has been sent, which a full window delays."""
        await_true(lambda: unsent_bytes(one) == 0 or has_ended(one), PATIENCE_SECONDS,
                   "room at the other side")


class LookingUnixClient(LookingTcpClient):
    """Over a Unix stream socket."""

    family = UnixClient.family
    # Both are said of a socket that was closed, the second where something in it was not read. Where
    # that was a batch that counts, it is lost and will be missed.
    ends = (BrokenPipeError, ConnectionResetError)

    def prepare(self, one):
        """There is nothing to prepare."""

    def await_left(self, one):
        """What was written is in the other side's queue."""


def unsent_bytes(one):
    """In this side's send buffer."""
    count = array.array("i", [0])
    fcntl.ioctl(one, SIOCOUTQNSD, count)
    return count[0]
