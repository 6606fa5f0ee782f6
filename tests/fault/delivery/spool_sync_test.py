"""fdatasync() fails, once or every so often, as strace(1) makes it; then weir is killed. What it has
answered with 2xx is delivered by the next one."""

import shutil

from loads import pause
from oracle import Oracle
from receivers import Receiver
from report import Skipped
from router import Router
from spooling import BurstClient, configuration, end, judge, payloads
from waiting import comes_true

RATE = 2000
FAULT_SECONDS_MAX = 60  # Until the disk has failed: as many calls as it takes, on a busy machine.


def run(context):
    figures = context.figures()
    if shutil.which("strace") is None:
        raise Skipped("there is no strace")
    oracle = Oracle(payloads(context.seed))
    receiver = Receiver(context.folder / "received.ndjson")
    receiver.start()
    with Router(context.weir, context.folder, configuration(receiver.port)) as router:
        for _ in range(context.trials(3, 60)):
            fail_once(context, router, receiver, oracle, figures)
        receiver.present.set()
        router.start()
        end(router, figures)
    receiver.close()
    judge(figures, oracle, [receiver.path], [context.folder / "out.ndjson"])
    return figures


def fail_once(context, router, receiver, oracle, figures):
    """One start with a disk that fails, and the kill."""
    # Behind those of the start, without which there is none.
    first = context.random.randrange(6, 30)
    when = context.random.choice([f"{first}", f"{first}+{context.random.randrange(1, 9)}"])
    receiver.present.clear()
    trace = context.folder / "strace.out"
    router.start(wrapper=("strace", "-D", "-f", "-qq", "-o", str(trace), "-e", "trace=fdatasync",
                          "-e", f"inject=fdatasync:error=EIO:when={when}"))
    clients = [BurstClient(oracle, lambda: router.address("in"), RATE,
                           context.seed + 2 * figures.trials + k) for k in range(2)]
    for client in clients:
        client.start()
    comes_true(lambda: injected(trace), FAULT_SECONDS_MAX)
    pause(context, 0, 1)  # Of a life with a disk that has failed.
    if context.random.random() < 0.5:
        receiver.present.set()
    pause(context, 0.1, 0.5)
    router.kill()
    for client in clients:
        client.stop()
    failed = injected(trace)
    figures.trials += 1
    figures.faults += failed
    figures.invalid_trials += failed == 0


def injected(trace):
    """How many calls strace has let fail so far."""
    return trace.read_text(errors="replace").count("(INJECTED)") if trace.exists() else 0
