"""weir is killed under load while it spools, reads back and delivers: to a receiver that is sometimes
away, and to a file. What it has answered with 2xx to a source of ack=durable is in both in the end.
"""

from loads import await_running, pause
from oracle import Oracle
from receivers import Receiver
from router import Router
from spooling import BurstClient, configuration, end, judge, payloads, sinks_of
from waiting import await_true

RATE = 3000  # Of each of two clients.
AWAY_SHARE = 0.5
LOOK_SHARE = 0.1  # Of the kills: the books are read before.
BACKLOG_SECONDS_MAX = 60


def run(context):
    figures = context.figures()
    oracle = Oracle(payloads(context.seed))
    receiver = Receiver(context.folder / "received.ndjson")
    receiver.start()
    with Router(context.weir, context.folder, configuration(receiver.port)) as router:
        figures.recovery_seconds.append(router.start())
        clients = [BurstClient(oracle, lambda: router.address("in"), RATE, context.seed + i)
                   for i in range(2)]
        for client in clients:
            client.start()
        for _ in range(context.trials(8, 1000)):
            kill_once(context, router, receiver, clients, figures)
        for client in clients:
            client.stop()
        receiver.present.set()
        end(router, figures)
    receiver.close()
    judge(figures, oracle, [receiver.path], [context.folder / "out.ndjson"])
    figures.more["refused"] = sum(client.refused for client in clients)
    if not figures.more.get("kills_with_a_backlog_on_disk"):
        figures.invalid_trials = figures.trials  # Nothing was spooled.
    return figures


def kill_once(context, router, receiver, clients, figures):
    """Loads, kills, starts again."""
    surely = figures.trials < 2  # These have a backlog on disk.
    if surely or context.random.random() < AWAY_SHARE:
        receiver.present.clear()
    else:
        receiver.present.set()
    pause(context, 0.05, 0.6 if context.long else 1.2)
    if surely:
        look(await_true(lambda: backlog(router.books()), BACKLOG_SECONDS_MAX, "a backlog on disk"),
             figures)
    elif context.random.random() < LOOK_SHARE:
        look(router.books(), figures)
    figures.trials += 1
    figures.invalid_trials += not await_running(clients)
    router.kill()
    figures.faults += 1
    figures.recovery_seconds.append(router.start())


def look(books, figures):
    """Into those of a router that is busy."""
    if not figures.check(books is not None, "a router that runs does not answer"):
        return
    figures.unaccounted += abs(books["imbalance"])
    more = figures.more
    more["looked_into"] = more.get("looked_into", 0) + 1
    if backlog(books):
        more["kills_with_a_backlog_on_disk"] = more.get("kills_with_a_backlog_on_disk", 0) + 1


def backlog(books):
    """The books, where something is on disk only."""
    return books if books and any(sink["in_spool"] for sink in sinks_of(books)) else None
