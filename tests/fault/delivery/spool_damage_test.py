"""A spool is damaged while weir is down: the next one starts, delivers what is whole, counts what is
gone, and invents nothing."""

import shutil

from oracle import Oracle
from receivers import Receiver
from router import Router, component
from spooling import BurstClient, configuration, drained, payloads
from waiting import await_true

RATE = 4000
EVENTS = 3000
NOBODY = 1


def run(context):
    figures = context.figures()
    for i in range(context.trials(4, 20)):
        damage_once(context, i, figures)
    for name in ("torn", "corrupted", "spurious", "unaccounted"):
        figures.check(getattr(figures, name) == 0, f"{name}: {getattr(figures, name)}")
    return figures


def damage_once(context, i, figures):
    """A backlog, damage, a start."""
    folder = context.folder / f"trial{i}"
    oracle = Oracle(payloads(context.seed + i))
    receiver = Receiver(context.folder / f"received{i}.ndjson")
    receiver.start()
    with Router(context.weir, folder, configuration(NOBODY)) as router:
        router.start()
        with BurstClient(oracle, lambda: router.address("in"), RATE, context.seed + i) as client:
            await_true(lambda: client.sent >= EVENTS, 60, "the backlog")
            client.stop()
        router.stop()  # The end is in the cursor, so that all that is gone is known to be.
        what = damage(context, folder / "data/spool/tcp", i)
        router.configure(configuration(receiver.port))
        figures.recovery_seconds.append(router.start())
        figures.check(drained(router), f"{what}: not everything was delivered")
        router.stop()
        books = router.closing_books()
        receiver.close()
    figures.trials += 1
    figures.faults += 1
    figures.unaccounted += books["imbalance"]
    counted = sum(component(books, "sinks", "tcp")["dropped"].values())
    verdict = oracle.judge([receiver.path])
    figures.more["counted_as_lost"] = figures.more.get("counted_as_lost", 0) + counted
    figures.check(verdict.lost_acked <= counted,
                  f"{what}: {verdict.lost_acked} lost, {counted} counted")
    figures.check(counted <= verdict.missing,
                  f"{what}: {counted} counted as lost, {verdict.missing} are missing")
    verdict.lost_acked = 0  # It was counted: see above.
    figures.add(verdict)
    shutil.rmtree(folder)


def damage(context, spool, i):
    """Does something to a file; what it was."""
    segments = sorted(spool.glob("*.seg"))
    path = context.random.choice(segments)
    data = bytearray(path.read_bytes())
    kind = ("bit", "cut", "page", "gone", "cursor")[i % 5]
    if kind == "bit":
        data[context.random.randrange(len(data))] ^= 1 << context.random.randrange(8)
        path.write_bytes(data)
    elif kind == "cut":
        path.write_bytes(data[:context.random.randrange(len(data))])
    elif kind == "page":
        page = context.random.randrange(len(data)) & ~4095
        data[page:page + 4096] = bytes(len(data[page:page + 4096]))
        path.write_bytes(data)
    elif kind == "gone":
        path.unlink()
    else:
        path = spool / "cursor"
        path.write_bytes(bytes(len(path.read_bytes())))
    return f"{kind} of {path.name}, one of {len(segments)}"
