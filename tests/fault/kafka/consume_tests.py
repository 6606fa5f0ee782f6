"""The tests of the source. Each is given a way to make a ConsumeScenario, the cluster and the tools,
and returns what is to be shown.
"""

import signal
import subprocess
import time

from consume_scenario import SESSION_SHORT_MS
from produce_tests import RATE, clean
from scenario import outlasting


def read_while(meanwhile, scenario, seconds, **more):
    """What the bench says of a group that reads under a load that `meanwhile` does not outlast."""
    return outlasting(
        scenario, lambda made, load: made.run_group(meanwhile, (*RATE, *load), **more), seconds)


def group_reads_all(scenario, cluster, tools):
    """Two processes share the partitions, a third comes, one goes: nothing comes twice."""
    del cluster, tools

    def scale(group):
        group.await_files(1)
        added = group.start()
        group.await_files(added)
        group.stop(0)
        time.sleep(2)
    return clean(read_while(scale, scenario, 12))


def reader_frozen(scenario, cluster, tools):
    """A reader stands still, but shorter than the group waits for it: nothing comes twice."""
    del cluster, tools

    def freeze(group):
        group.await_files(0)
        group.freeze(0, SESSION_SHORT_MS / 1000 + 3)
    return clean(read_while(freeze, scenario, 14))


def partitions_return(scenario, cluster, tools):
    """A reader gives partitions to another, and gets them back when that goes: it reads them on."""
    del cluster, tools

    def lend(group):
        group.await_files(0)
        for _ in range(2):
            added = group.start()
            group.await_files(added)
            group.stop(added)
            time.sleep(1)
    return clean(read_while(lend, scenario, 16, readers=1))


def reader_killed(scenario, cluster, tools):
    """SIGKILL, again and again: what was not confirmed is read again, nothing is lost."""
    del cluster
    kills = 20 if tools.long else 3

    def kill_each(group):
        for number in range(kills):
            group.await_files(number)
            time.sleep(0.5)  # So that something is on its way.
            group.kill(number)
            group.start()
    outcome = read_while(kill_each, scenario, 200 if tools.long else 25,
                         session_ms=SESSION_SHORT_MS)
    assert outcome.valid, outcome
    for name in ("lost", "reordered", "corrupted"):
        assert outcome.bench[name] == 0, f"{name}: {outcome}"
    assert outcome.torn <= kills, outcome  # The end of a killed process's file.
    return outcome


def broker_bounced(scenario, cluster, tools):
    """The broker goes away and comes back while it is read from."""
    def bounce(group):
        group.await_files(0)
        for _ in range(10 if tools.long else 2):
            time.sleep(20 if tools.long else 2)  # The interval is what is tested.
            cluster.kill_broker(1)
            cluster.start_broker(1)
    return clean(read_while(bounce, scenario, 260 if tools.long else 16, readers=1,
                            session_ms=SESSION_SHORT_MS), duplicates=True)


def sink_frozen(scenario, cluster, tools):
    """What the reader writes to stops for so long that the partitions are paused: nothing is lost,
    nothing comes twice, and the group does not take the reader for dead."""
    del cluster
    made = scenario()
    socket = made.folder / f"{made.topic}.behind"
    stem = f"{made.folder}/{made.topic}-reader-behind"
    behind = subprocess.Popen(
        [tools.weir, "--from", f"unix://{socket}", "--to", f"file://{stem}-{{app}}.out",
         "--control", f"{stem}.control"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def freeze(group):
        group.await_files("behind")
        behind.send_signal(signal.SIGSTOP)
        time.sleep(30 if tools.long else 8)
        behind.send_signal(signal.SIGCONT)
    try:
        return clean(made.run_group(freeze, (*RATE, "--duration", "14s"), readers=1,
                                    sink=f"{{url: 'unix://{socket}', buffer: 2MiB}}",
                                    session_ms=SESSION_SHORT_MS))
    finally:
        behind.kill()
        behind.wait()


def start_at_time(scenario, cluster, tools):
    """A new group begins where a time says."""
    made = scenario()
    url = f"kafka://{cluster.bootstrap()}/{made.topic}"
    found = made.folder / "start_at_time.out"

    def write(text):
        subprocess.run([tools.weir, "--from", "stdin", "--to", url], input=text, text=True,
                       check=True, stderr=subprocess.DEVNULL, timeout=60)
    write("".join(f"before {number}\n" for number in range(100)))
    time.sleep(1.1)
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    time.sleep(1.1)  # Kafka's times are those of writing.
    write("".join(f"after {number}\n" for number in range(100)))
    reader = subprocess.Popen([tools.weir, "--from", f"{url}?group=later&start={start}",
                               "--to", f"file://{found}"], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while not found.exists() or len(found.read_text().splitlines()) < 100:
            assert time.monotonic() < deadline, "not all of it came"
            time.sleep(0.05)
    finally:
        reader.terminate()
        reader.wait()
    lines = found.read_text().splitlines()
    assert sorted(lines) == sorted(f"after {number}" for number in range(100)), lines
    return f"{len(lines)} lines"


TESTS = {
    1: {test.__name__: test for test in (
        group_reads_all, reader_frozen, partitions_return, reader_killed, broker_bounced,
        sink_frozen, start_at_time)},
    3: {},
}
