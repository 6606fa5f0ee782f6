"""SIGHUP under load: a changed sink takes over from the old one, a wrong configuration changes
nothing, and no event is lost.
"""

from clients import TcpClient, UdpClient, UnixClient
from loads import await_running, pause
from oracle import Oracle
from payloads import Payloads
from router import Router, component
from waiting import await_true

RATE = 4000  # Of each of three clients.
SETTLE_SECONDS_MAX = 20
SOURCES = ("tcp", "udp", "local")
CONFIGURATION = """
sources:
  tcp: tcp://127.0.0.1:0
  udp: udp://127.0.0.1:0
  local: unix://{dir}/in.sock
sinks:
  out: file://{dir}/out_%d.ndjson
"""


def run(context):
    figures = context.figures()
    oracle = Oracle(Payloads(context.seed))
    with Router(context.weir, context.folder, CONFIGURATION % 0) as router:
        router.start()
        clients = [TcpClient(oracle, lambda: router.address("tcp"), RATE),
                   UdpClient(oracle, lambda: router.address("udp"), RATE),
                   UnixClient(oracle, lambda: router.address("local"), RATE)]
        for client in clients:
            client.start()
        try:
            trials = context.trials(6, 100)
            for number in range(1, trials + 1):
                reload_once(context, router, clients, figures, number)
        finally:
            for client in clients:
                client.stop()
        sent = sum(client.sent for client in clients)
        await_true(lambda: received_of(router.books()) >= sent, SETTLE_SECONDS_MAX, "what was sent")
        _, code = router.stop()
        books = router.closing_books()
    dropped = component(books, "sources", "udp")["dropped"]["kernel_udp"]
    figures.check(code == (3 if dropped else 0), f"weir ended with {code}, {dropped} were dropped")
    figures.unaccounted = books["imbalance"] + abs(sent - received_of(books))
    # In the order in which the sinks were: each event is in one of them.
    files = [context.folder / f"out_{number}.ndjson" for number in range(trials + 1)]
    verdict = oracle.judge([file for file in files if file.exists()])
    take_off_datagrams(verdict, clients[1], dropped, figures)
    figures.add(verdict)
    figures.more["connections"] = sum(client.connections for client in clients)
    figures.check(sum(client.broken for client in clients) == 0, "connections were broken off")
    figures.check(verdict.is_clean(), "events are lost or wrong")
    for name in ("duplicates", "out_of_order", "unaccounted"):
        value = getattr(figures, name)
        figures.check(value == 0, f"{name}: {value}")
    return figures


def reload_once(context, router, clients, figures, number):
    """First a configuration that is wrong, then one with another sink."""
    pause(context, 0.02, 0.2)
    figures.trials += 1
    figures.invalid_trials += not await_running(clients)
    wrong = CONFIGURATION % -number + "rutes: {}\n"
    figures.check(not router.reload(wrong), "a wrong configuration was accepted")
    figures.check(not (context.folder / f"out_{-number}.ndjson").exists(),
                  "a wrong configuration has had an effect")
    figures.check(await_running(clients), "after a wrong configuration nothing was taken")
    figures.check(router.reload(CONFIGURATION % number), "a good configuration was refused")
    figures.faults += 2


def take_off_datagrams(verdict, client, dropped, figures):
    """What the kernel has dropped, where a busy machine gave weir no time to read, is no loss of
    weir's: exactly that is missing."""
    lost = sum(verdict.lost_of.get(stream, (0, 0))[0] for stream in client.streams)
    figures.check(lost == dropped, f"{lost} datagrams lost, {dropped} dropped by the kernel")
    figures.more["dropped_by_the_kernel"] = dropped
    verdict.lost_acked -= lost


def received_of(books):
    """By all sources, or dropped by the kernel."""
    return sum(component(books, "sources", name)["received"] +
               component(books, "sources", name)["dropped"]["kernel_udp"] for name in SOURCES)
