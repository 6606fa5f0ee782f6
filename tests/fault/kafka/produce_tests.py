"""The tests of the sink. Each is given a way to make a Scenario, the cluster and the tools, and
returns what is to be shown.
"""

import os
import signal
import time
from pathlib import Path

RATE = ("--rate", "20k/s")

# So that what takes minutes by default is given up within a test.
IMPATIENT = {"rdkafka.request.timeout.ms": 2000, "rdkafka.socket.timeout.ms": 2000}


def clean(outcome, duplicates=False):
    """Nothing was lost, and what came is what was sent, in order."""
    assert outcome.valid, outcome
    for name in ("lost", "reordered", "corrupted", "torn"):
        assert outcome.bench[name] == 0, f"{name}: {outcome}"
    if not duplicates:
        assert outcome.duplicated == 0, outcome
    assert outcome.balance["imbalance"] == 0, outcome.balance
    return outcome


def all_arrive(scenario, cluster, tools):
    del cluster, tools
    outcome = clean(scenario(partitions=1).run(load=("--events", "300k")))
    assert outcome.sink()["delivered"] == 300_000
    return outcome


def broker_killed(scenario, cluster, tools):
    """Killed and started again under load, again and again."""
    def bounce():
        for _ in range(10 if tools.long else 2):
            time.sleep(20 if tools.long else 1)  # The interval is what is tested.
            cluster.kill_broker(1)
            cluster.start_broker(1)
    seconds = 260 if tools.long else 16
    return clean(scenario().run(bounce, load=(*RATE, "--duration", f"{seconds}s")),
                 duplicates=True)


def broker_frozen(scenario, cluster, tools):
    """For longer than its connections and requests may take: they are given up, the events not."""
    def freeze():
        time.sleep(1)
        cluster.pause_broker(1)
        time.sleep(60 if tools.long else 6)
        cluster.resume_broker(1)
    seconds = 80 if tools.long else 12
    return clean(scenario().run(freeze, IMPATIENT, (*RATE, "--duration", f"{seconds}s")),
                 duplicates=True)


def broker_frozen_unlimited(scenario, cluster, tools):
    """The same as it is by default; what cannot be sent stays inside of the sink's buffer."""
    def freeze():
        time.sleep(1)
        cluster.pause_broker(1)
        time.sleep(tools.freeze_seconds)
        cluster.resume_broker(1)
    # Many times what the buffer holds; a sanitizer makes each of them several times as slow.
    events = "2M" if tools.measures_memory else "500k"
    outcome = clean(scenario().run(freeze, {"buffer": "16MiB"}, ("--events", events)),
                    duplicates=True)
    if tools.measures_memory:
        assert outcome.peak_rss_bytes < 160 << 20, outcome
    return outcome


def topic_made_again(scenario, cluster, tools):
    """Deleted under load: what it held is gone with it; weir goes on with the new one."""
    del cluster, tools
    made = scenario()

    def delete():
        time.sleep(2)
        made.delete_topic()
        made.create_topic()
    outcome = made.run(delete, load=(*RATE, "--duration", "10s"), allow_loss=True)
    assert outcome.balance["imbalance"] == 0, outcome.balance
    sink = outcome.sink()
    settled = sink["delivered"] + sink["dropped"]["no_destination"]
    assert settled == outcome.issued + sink["notices"], sink
    assert outcome.corrupted == 0 and outcome.torn == 0, outcome
    return outcome


def too_large(scenario, cluster, tools):
    """The topic takes less than the producer would send: what is too large is rejected alone."""
    del cluster, tools
    made = scenario(properties=["max.message.bytes=20000"])
    outcome = made.run(options={"compression": "none"}, allow_loss=True,
                       load=("--events", "600", "--size", "200..25000"))
    sink = outcome.sink()
    assert sink["dropped"]["too_large"] > 0, sink
    assert sink["delivered"] + sink["dropped"]["too_large"] == 600 + sink["notices"], sink
    assert outcome.lost == sink["dropped"]["too_large"], outcome
    for name in ("reordered", "corrupted", "torn"):
        assert outcome.bench[name] == 0, outcome
    return outcome


def weir_killed(scenario, cluster, tools):
    """SIGKILL: only what nobody had confirmed is lost; what came is whole and in order."""
    del cluster, tools
    made = scenario()

    def kill():
        made.await_sink(lambda sink: sink["delivered"] > 0, "a delivery")
        time.sleep(1)  # So that the bench has read some of it, and more is on its way.
        os.kill(pid_listening(made.folder / f"{made.topic}.sock"), signal.SIGKILL)
    # It ends with weir.
    outcome = made.run(kill, load=(*RATE, "--duration", "120s"), allow_loss=True)
    assert outcome.collected > 0, outcome
    for name in ("reordered", "corrupted", "torn", "duplicated"):
        assert outcome.bench[name] == 0, outcome
    return outcome


def leader_killed(scenario, cluster, tools):
    """Three brokers, two of which have to have each record; each is killed in its turn."""
    def kill_each():
        for node in (1, 2, 3, 1, 2, 3) if tools.long else (1, 2):
            time.sleep(2)
            cluster.kill_broker(node)
            time.sleep(4)
            cluster.start_broker(node)
    seconds = 70 if tools.long else 20
    return clean(scenario(replicas=3).run(kill_each, load=(*RATE, "--duration", f"{seconds}s")),
                 duplicates=True)


def pid_listening(path):
    """The process that has a configuration with that socket."""
    wanted = str(Path(path).with_suffix(".yaml")).encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # It has ended.
        if wanted in words and b"bench" not in words:
            return int(folder.name)
    raise ProcessLookupError(f"nobody runs with {wanted.decode()}")


TESTS = {
    1: {test.__name__: test for test in (
        all_arrive, too_large, topic_made_again, broker_killed, broker_frozen,
        broker_frozen_unlimited, weir_killed)},
    3: {test.__name__: test for test in (all_arrive, leader_killed)},
}
