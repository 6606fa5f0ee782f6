"""One of three sinks freezes: its receiver is stopped and takes nothing any more. With when_full set
to drop_newest the other two go on at the rate that they have beside a receiver that runs.

The load is weir bench's, as fast as weir takes it; runs with and without the fault alternate, so
that a slow moment of the machine meets both.
"""

import json
import signal
import statistics
import subprocess

from router import Router, component

RECEIVER = """
sources: {in: 'tcp://127.0.0.1:0'}
sinks: {out: blackhole}
"""
CONFIGURATION = """
sources: {in: 'tcp://127.0.0.1:0'}
sinks:
  first: file://{dir}/first.ndjson
  second: file://{dir}/second.ndjson
  frozen: {url: 'tcp://127.0.0.1:%d', buffer: 8MiB, when_full: drop_newest, timeout: 60s}
"""
RATIO_MIN = 0.95
# How long the bench waits for the file to grow on; where all comes, nothing of it is waited.
SETTLE_SECONDS_MAX = 60
BENCH_SECONDS_MAX = 240


def run(context):
    figures = context.figures()
    events = 1_000_000 if context.long else 100_000
    ratios, slowdowns = [], []
    for _ in range(context.trials(1, 9)):
        usual = measure(context, figures, events, freeze=False)
        frozen = measure(context, figures, events, freeze=True)
        figures.trials += 1
        figures.faults += 1
        ratios.append(frozen["events_per_second"] / usual["events_per_second"])
        slowdowns.append(frozen["latency_ms"]["p99"] / usual["latency_ms"]["p99"])
    ratio = statistics.median(ratios)
    figures.more["rate_of_the_others"] = {"median": ratio, "min": min(ratios), "max": max(ratios)}
    figures.more["p99_latency_ratio"] = statistics.median(slowdowns)
    if context.long and not context.sanitized:
        figures.check(ratio >= RATIO_MIN, f"the others had {ratio:.3f} of their rate")
    return figures


def measure(context, figures, events, freeze):
    """What the bench says of one run, judged by what is in the first file."""
    with Router(context.weir, context.folder / "receiver", RECEIVER) as receiver:
        receiver.start()
        port = receiver.address("in")[1]
        with Router(context.weir, context.folder / "weir", CONFIGURATION % port) as router:
            router.start()
            if freeze:
                receiver.signal(signal.SIGSTOP)
            outcome = bench(context, router, events)
            books = router.books()
            receiver.signal(signal.SIGCONT)
            _, code = router.stop()
            judge(figures, events, freeze, outcome, books, router.closing_books(), code)
        receiver.stop()
    for name in ("first", "second"):
        (context.folder / "weir" / f"{name}.ndjson").unlink()
    return outcome


def bench(context, router, events):
    """Sends them over two connections, and reads them back from the first file."""
    host, port = router.address("in")
    ran = subprocess.run(
        [context.weir, "bench", "--quiet", "--to", f"tcp://{host}:{port}", "--connections", "2",
         "--events", str(events), "--seed", str(context.seed % 65536), "--json", "-",
         "--settle", f"{SETTLE_SECONDS_MAX}s",
         "--collect", str(router.folder / "first.ndjson")],
        stdout=subprocess.PIPE, timeout=BENCH_SECONDS_MAX, check=False)
    return json.loads(ran.stdout)


def judge(figures, events, freeze, outcome, books, closing, code):
    """The two files have everything; the frozen sink has dropped, and counted what it dropped."""
    figures.issued += events
    figures.delivered += outcome["collected"]
    figures.missing += outcome["lost"]
    figures.corrupted += outcome["corrupted"]
    figures.torn += outcome["torn"]
    figures.duplicates += outcome["duplicated"]
    figures.unaccounted += closing["imbalance"]
    figures.check(outcome["passed"], f"the bench says {outcome['failures']}")
    figures.check(closing["imbalance"] == 0, "the books do not balance")
    for name in ("first", "second"):
        delivered = component(closing, "sinks", name)["delivered"]
        figures.check(delivered == events, f"the sink {name} delivered {delivered} of {events}")
    # At the end of the load: later the receiver runs again.
    dropped = component(books, "sinks", "frozen")["dropped"]["buffer_full"]
    if freeze:
        figures.invalid_trials += dropped == 0
        figures.check(code == 3, f"weir ended with {code} although events were dropped")
        figures.more["dropped_by_the_frozen_sink"] = dropped
