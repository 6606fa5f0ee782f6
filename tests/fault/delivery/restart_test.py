"""A restart loses nothing: whoever holds the sockets hands them to one weir after the other, under
load, and what connects or is sent in between waits in the kernel for the next.

Clients of streams look whether weir is going before they send and behind it, and then connect anew:
what counts is what they sent before weir said so (looking_clients has why). Those of HTTP send again
what was not answered, so that some may come twice. Of UDP what the socket's buffer could not hold is
lost, and has to be in the books.
"""

import socket

from clients import HttpClient, UdpClient, UnixDatagramClient
from loads import await_running, pause
from looking_clients import LookingTcpClient, LookingUnixClient
from oracle import Oracle
from payloads import Payloads
from router import Router, component
from supervisor import Sockets
from waiting import comes_true

RATE = 4000  # Of each of seven clients.
STOP_SECONDS_MAX = 5
SETTLE_SECONDS_MAX = 20
TIGHT_BYTES = 16 << 10  # A receive buffer that a restart overfills.
# The first is found by its address, the others by their names.
CONFIGURATION = """
sources:
  tcp: tcp://127.0.0.1:%d
  requests: http://127.0.0.1:0
  local: unix://{dir}/in.sock
  datagrams: unix+dgram://{dir}/elsewhere.sock
  udp: udp://127.0.0.1:0
  tight: udp://127.0.0.1:0?receive_buffer=8KiB
sinks:
  out: file://{dir}/out.ndjson
"""
SOURCES = ("tcp", "requests", "local", "datagrams", "udp", "tight")
OF_UDP = SOURCES[-2:]


def run(context):
    figures = context.figures()
    oracle = Oracle(Payloads(context.seed))
    sockets = Sockets()
    tcp = sockets.tcp("something else")
    requests = sockets.tcp("requests")
    udp = sockets.udp("udp")
    tight = sockets.udp("tight", receive_buffer_bytes=TIGHT_BYTES)
    local = sockets.unix("local", context.folder / "in.sock")
    datagrams = sockets.unix("datagrams", context.folder / "dgram.sock", socket.SOCK_DGRAM)
    streams = [LookingTcpClient(oracle, lambda: tcp, RATE),
               LookingTcpClient(oracle, lambda: tcp, RATE),
               LookingUnixClient(oracle, lambda: local, RATE)]
    clients = [*streams, HttpClient(oracle, lambda: requests, RATE),
               UnixDatagramClient(oracle, lambda: datagrams, RATE),
               UdpClient(oracle, lambda: udp, RATE), UdpClient(oracle, lambda: tight, RATE)]
    books = Books(figures)
    try:
        with Router(context.weir, context.folder, CONFIGURATION % tcp[1]) as router:
            router.start(sockets)
            for client in clients:
                client.start()
            for _ in range(context.trials(5, 100)):
                restart(context, router, sockets, clients, figures, books)
            for client in clients:
                client.stop()
            sent = sum(client.sent for client in clients)
            # Where some is lost it does not come; what that is, is told below.
            figures.check(comes_true(lambda: books.with_now(router) >= sent, SETTLE_SECONDS_MAX),
                          "not all that was sent is in the books")
            end(context, router, figures, books)
        judge(context, oracle, clients, sockets, figures, books)
        figures.more["sent_as_weir_ended"] = sum(client.unsure for client in streams)
    finally:
        for client in clients:
            client.__exit__()
        sockets.close()
    return figures


def restart(context, router, sockets, clients, figures, books):
    """One SIGTERM under load, and the next router."""
    pause(context, 0.05, 0.4)
    figures.trials += 1
    figures.invalid_trials += not await_running(clients)
    end(context, router, figures, books)
    figures.faults += 1
    figures.recovery_seconds.append(router.start(sockets))


def end(context, router, figures, books):
    """SIGTERM, and what the closing balance says."""
    seconds, code = router.stop()
    longest = figures.more.get("longest_stop_seconds", 0)
    figures.more["longest_stop_seconds"] = max(longest, seconds)
    figures.check_speed(context, seconds <= STOP_SECONDS_MAX, f"weir took {seconds:.1f} s to end")
    figures.check(code in (0, 3), f"weir ended with {code}")
    books.add(router.closing_books())


class Books:
    """The sums of all closing balances."""

    def __init__(self, figures):
        self.figures = figures
        self.received = 0
        self.dropped_by_kernel = 0

    def add(self, balance):
        """Of a router that has ended."""
        dropped = dropped_of(balance)
        self.received += received_of(balance)
        self.dropped_by_kernel += dropped
        self.figures.unaccounted += balance["imbalance"]
        others = balance["lost"] - dropped
        self.figures.check(others == 0, f"the books say that {others} events were lost")

    def with_now(self, router):
        """Events received, or dropped by the kernel, in the times of those that have ended and of
        the one that runs."""
        now = router.books()
        return self.received + self.dropped_by_kernel + received_of(now) + dropped_of(now)


def received_of(balance):
    """By all sources."""
    return sum(component(balance, "sources", name)["received"] for name in SOURCES)


def dropped_of(balance):
    """By the kernel, of the datagrams to UDP sources."""
    return sum(component(balance, "sources", name)["dropped"]["kernel_udp"] for name in OF_UDP)


def judge(context, oracle, clients, sockets, figures, books):
    """Everything that was sent is in the file, but for what the kernel dropped of UDP."""
    verdict = oracle.judge([context.folder / "out.ndjson"])
    figures.add(verdict)
    broken = sum(client.broken for client in clients if not isinstance(client, HttpClient))
    for name, client in zip(OF_UDP, clients[-2:]):
        dropped = sockets.dropped(name)
        lost = sum(verdict.lost_of.get(stream, (0, 0))[0] for stream in client.streams)
        figures.check(lost == dropped, f"{name}: {lost} lost, {dropped} dropped by the kernel")
        figures.lost_acked -= lost  # What UDP has taken is no promise.
        figures.more[f"dropped_by_the_kernel_{name}"] = dropped
        books.dropped_by_kernel -= dropped
    figures.more["connections"] = sum(client.connections for client in clients)
    figures.check(books.dropped_by_kernel == 0,
                  f"the books have {books.dropped_by_kernel} more drops than the kernel")
    # Not what the clients know to be taken: what was sent as weir ended may be received as well.
    figures.unaccounted += abs(verdict.delivered + verdict.duplicates - books.received)
    again = sum(client.repeated for client in clients if isinstance(client, HttpClient))
    figures.check(verdict.duplicates <= again,
                  f"{verdict.duplicates} duplicates, of {again} events that were sent again")
    for name in ("lost_acked", "torn", "corrupted", "spurious", "out_of_order", "unaccounted"):
        value = getattr(figures, name)
        figures.check(value == 0, f"{name}: {value}")
    figures.check(broken == 0, f"{broken} connections were broken off")
