"""weir is killed as it enters a system call that changes its files, one after the other: one life of
it, from the first start over a backlog, its delivery and deletion, to a clean end, is run once for
each. (To die behind a call is to die before the next.) The next start always succeeds, loses nothing
that was answered with 2xx, and leaves no file behind.

The calls are counted by thread, as strace(1) does; the unit test of the spool goes through every
call of a spool's life, with power cuts, and through those of the start that follows.
"""

import http.client
import re
import shutil
from collections import Counter

from oracle import Oracle
from receivers import Receiver
from report import Skipped
from router import Router
from spooling import configuration, end, is_drained, judge, payloads
from waiting import await_true

CALLS = ("pwritev", "fdatasync", "fsync", "fallocate", "ftruncate", "unlinkat", "renameat",
         "mkdirat")
LINE = re.compile(r"^(\d+) +(\w+)\(")
BATCHES = 24
BATCH_EVENTS = 40
AMONG_FILES = {"cursor", "lock"}
# Not every life comes to every call: how many there are follows from how its threads were given
# time. So many points are tried for each crash that is wanted.
POINTS_FOR_A_CRASH = 5


def run(context):
    figures = context.figures()
    if shutil.which("strace") is None:
        raise Skipped("there is no strace")
    counts = count_calls(context)
    points = [(call, k) for call in CALLS for k in range(1, counts[call] + 1)]
    figures.more["points"] = len(points)
    context.random.shuffle(points)
    wanted = context.trials(6, len(points))
    for call, k in points[:POINTS_FOR_A_CRASH * wanted]:
        if figures.faults < wanted:
            crash_at(context, call, k, figures)
    figures.check(figures.faults >= min(wanted, len(points) / 2),
                  f"of {figures.trials} crashes {figures.faults} came")
    return figures


def count_calls(context):
    """How often a thread makes each call in a life without a crash, at most."""
    folder = context.folder / "count"
    receiver = Receiver(context.folder / "count.ndjson")
    receiver.start()
    with Router(context.weir, folder, configuration(receiver.port)) as router:
        live(router, receiver, Oracle(payloads(context.seed)),
             strace(folder, "-e", "trace=" + ",".join(CALLS)))
    receiver.close()
    by_thread = Counter()
    for line in (folder / "strace.out").read_text(errors="replace").splitlines():
        found = LINE.match(line)
        if found:
            by_thread[found[1], found[2]] += 1
    return Counter({call: max([count for (_, name), count in by_thread.items() if name == call],
                              default=0) for call in CALLS})


def crash_at(context, call, k, figures):
    """One life that ends there, and the next."""
    folder = context.folder / f"{call}{k}"
    oracle = Oracle(payloads(context.seed))
    receiver = Receiver(context.folder / f"{call}{k}.ndjson")
    receiver.start()
    with Router(context.weir, folder, configuration(receiver.port)) as router:
        live(router, receiver, oracle,
             strace(folder, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={k}"))
        figures.trials += 1
        figures.faults += router.process.poll() == -9
        router.close()
        receiver.present.set()
        figures.recovery_seconds.append(router.start())
        end(router, figures)
    receiver.close()
    judge(figures, oracle, [receiver.path], [folder / "out.ndjson"])
    for spool in (folder / "data/spool").iterdir():
        names = {path.name for path in spool.iterdir()} - AMONG_FILES
        figures.check(len(names) <= 1 and "front.tmp" not in names,
                      f"{call} {k}: left behind in {spool.name}: {sorted(names)}")
    shutil.rmtree(folder)


def strace(folder, *options):
    """Words before a command."""
    folder.mkdir(exist_ok=True)
    return ("strace", "-D", "-f", "-qq", "-o", str(folder / "strace.out"), *options)


def live(router, receiver, oracle, wrapper):
    """The life; returns where weir has ended before its time."""
    receiver.present.clear()
    router.start(wrapper=wrapper, wait=False)
    await_true(lambda: router.port_file.exists() or router.process.poll() is not None, 30,
               "the start of weir")
    stream = oracle.new_stream()
    if not post(router, oracle, stream, BATCHES):
        return
    receiver.present.set()
    if not drained_or_dead(router):
        return
    receiver.present.clear()
    if not post(router, oracle, stream, 4):
        return
    router.stop()


def drained_or_dead(router):
    """Whether it has delivered everything; False where it has ended."""
    await_true(lambda: router.process.poll() is not None or is_drained(router), 90,
               "the delivery")
    return router.process.poll() is None


def post(router, oracle, stream, batches):
    """One request after the other; False where weir has ended."""
    try:
        one = http.client.HTTPConnection(*router.address("in"), timeout=30)
        for _ in range(batches):
            first, events = oracle.issue(stream, BATCH_EVENTS)
            one.request("POST", "/", b"\n".join(events) + b"\n",
                        {"Content-Type": "application/x-ndjson"})
            answer = one.getresponse()
            answer.read()
            if 200 <= answer.status < 300:
                oracle.acknowledge(stream, first, len(events))
        one.close()
    except (OSError, http.client.HTTPException):
        router.process.wait(30)
        return False
    return True
